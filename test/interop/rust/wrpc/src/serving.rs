//! Serving what `wit-bindgen-wrpc` generated until standard input ends, each call in a task of its own.

use std::future::Future;
use std::pin::Pin;

use futures::stream::select_all;
use futures::{Stream, StreamExt as _};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::task::JoinSet;

type Handled = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'static>>;

/// What a generated `serve` gives: by instance and function, the calls that were accepted.
pub type Invocations = Vec<(
    &'static str,
    &'static str,
    Pin<Box<dyn Stream<Item = anyhow::Result<Handled>> + Send + 'static>>,
)>;

pub async fn serve(nats: &async_nats::Client, invocations: Invocations) -> anyhow::Result<()> {
    let mut calls = select_all(
        invocations
            .into_iter()
            .map(|(instance, name, calls)| calls.map(move |call| (instance, name, call))),
    );
    // The server knows the subscriptions when it answers this.
    nats.flush().await?;
    println!("{}", json!({ "ready": true }));
    let mut input = tokio::io::stdin();
    let mut ignored = [0; 64];
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            Some((instance, name, call)) = calls.next() => match call {
                Ok(call) => {
                    tasks.spawn(async move {
                        if let Err(error) = call.await {
                            eprintln!("{instance}#{name} failed: {error:#}");
                        }
                    });
                }
                Err(error) => eprintln!("{instance}#{name} was not accepted: {error:#}"),
            },
            Some(_) = tasks.join_next() => {}
            read = input.read(&mut ignored) => if read? == 0 {
                return Ok(());
            },
        }
    }
}
