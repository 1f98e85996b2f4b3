//! Memory of a pool whose connections have nothing to do.

use benches::client::tls;
use benches::counting;
use benches::servers::Running;
use smtp::Connection;
use smtp_pool::{Pool, Session};

use crate::ways::{Load, send};
use crate::{server, settings};

pub(crate) async fn measure(security: &str, count: usize, body: &'static [u8]) {
    let sink = Running::start("sink", &["--tls"]);
    let server = server(sink.addr, "data");
    let load = Load { connections: count, callers: count, messages: count, body };
    // A program has some things once: the tables of its runtime, and its code, which is resident once
    // it was used.
    let first = Pool::with_settings(server.clone(), settings(1));
    send(&first, Load { connections: 1, callers: 1, messages: 1, body }).await;
    match security {
        "clear" => hold(Pool::with_settings(server, settings(count)), load).await,
        "tls" => {
            let tls = tls();
            let opener = move || {
                let (server, tls) = (server.clone(), tls.clone());
                async move { Ok(Connection::connect(&server).await?.starttls(&tls).await?) }
            };
            hold(Pool::with_settings(opener, settings(count)), load).await;
        }
        other => panic!("{other} is none of clear, tls"),
    }
}

async fn hold<C: Session>(pool: Pool<C>, load: Load) {
    let (live, resident) = (counting::live(), bench_common::rss());
    pool.warm_up().await;
    assert_eq!(pool.connections().len(), load.connections);
    let say = |when| {
        let (live, resident) = (counting::live() - live, bench_common::rss() - resident);
        let mebibytes = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        let (live, resident) = (mebibytes(live), mebibytes(resident as usize));
        println!("{when}: {live:.2} MiB allocated, {resident:.2} MiB resident");
    };
    tokio::task::yield_now().await;
    say("after EHLO");
    // At once, so that each connection gets one.
    send(&pool, load).await;
    say("after messages");
}
