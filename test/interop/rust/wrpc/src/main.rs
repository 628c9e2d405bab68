//! A peer of wRPC over NATS from published crates: it calls a component of ours, or serves what our nodes call.
//!
//! `wrpc-peer WHAT URL PREFIX`, where WHAT is one of the words in `main`. What calls prints one JSON line per check
//! and ends; what serves prints `{"ready":true}` and serves until its standard input ends.

mod counters;
mod flows;
mod report;
mod serving;
mod types_caller;
mod types_server;

use anyhow::{bail, Context as _};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, url, prefix] = args.as_slice() else {
        bail!("wanted: WHAT URL PREFIX, but got {args:?}");
    };
    let nats = async_nats::connect(url)
        .await
        .with_context(|| format!("no connection to {url}"))?;
    let serves = what.starts_with("serve-");
    // A host and its components share one queue group per component, named as the prefix.
    let group = serves.then(|| prefix.as_str().into());
    let wrpc = wrpc_transport_nats::Client::new(nats.clone(), prefix.as_str(), group).await?;
    match what.as_str() {
        "call-types" => types_caller::call(&wrpc).await,
        "call-flows" => flows::call(&wrpc).await,
        "call-counters" => counters::call(&wrpc).await,
        "serve-types" => types_server::serve(&nats, &wrpc).await,
        "serve-flows" => flows::serve(&nats, &wrpc).await,
        "serve-counters" => counters::serve(&nats, &wrpc).await,
        _ => bail!("there is no {what}"),
    }
}
