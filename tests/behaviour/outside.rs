//! A crate outside of the workspace, which depends on `smtp` by its path alone, defines commands
//! and mechanisms of its own and runs them against scripted servers.

use std::path::Path;
use std::process::Command;

#[test]
fn a_crate_of_somebody_else_defines_its_own_commands() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--manifest-path"])
        .arg(tests.join("outside/Cargo.toml"))
        // What the workspace has built serves here too.
        .arg("--target-dir")
        .arg(tests.join("../target/outside"))
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("cargo");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
