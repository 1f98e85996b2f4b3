//! A state that was never reached.

use smtp::state::Tls;

fn forge() -> Tls {
    Tls {}
}

fn main() {
    forge();
}
