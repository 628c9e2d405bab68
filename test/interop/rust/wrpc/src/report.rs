//! What a caller found, for whoever started it: one JSON line per check.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use serde_json::json;

/// Longest that one check may take, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// Values are compared by how Rust shows them: NaN equals itself and -0.0 differs from 0.0.
pub async fn check<T: Debug>(
    name: &str,
    wanted: impl Debug,
    call: impl Future<Output = anyhow::Result<T>>,
) {
    let wanted = format!("{wanted:?}");
    let got = match tokio::time::timeout(DEADLINE, call).await {
        Ok(Ok(value)) => format!("{value:?}"),
        Ok(Err(error)) => format!("error: {error:#}"),
        Err(_) => format!("nothing within {DEADLINE:?}"),
    };
    tell(name, &wanted, &got);
}

/// The call must fail, and its reason must have `part` in it.
pub async fn check_fails<T: Debug>(
    name: &str,
    part: &str,
    call: impl Future<Output = anyhow::Result<T>>,
) {
    let got = match tokio::time::timeout(DEADLINE, call).await {
        Ok(Ok(value)) => format!("no error but {value:?}"),
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => format!("nothing within {DEADLINE:?}"),
    };
    let ok = got.contains(part);
    println!("{}", json!({ "check": name, "ok": ok, "wanted": part, "got": short(&got) }));
}

fn tell(name: &str, wanted: &str, got: &str) {
    let line = if wanted == got {
        json!({ "check": name, "ok": true })
    } else {
        json!({ "check": name, "ok": false, "wanted": short(wanted), "got": short(got) })
    };
    println!("{line}");
}

fn short(text: &str) -> String {
    text.chars().take(400).collect()
}
