//! Capability providers that components know by `wasi:` interfaces, as a host starts them: with their data on standard
//! input. Which one, its argument says. They tell what their tests wait for as JSON lines on standard output.

use anyhow::{bail, Context as _};
use serde_json::json;
use wasmcloud_provider_blobstore_fs::FsProvider;
use wasmcloud_provider_sdk::{get_connection, run_provider, serve_provider_exports};
use wrpc_interface_http::ServeHttp;

mod http_client;
mod old_blobstore;

/// Serves what the expression gives, and tells when all of its subscriptions are made.
macro_rules! serve {
    ($provider:expr, $exports:expr, $serve:expr) => {{
        let shutdown = run_provider($provider, "capabilities-peer").await?;
        let connection = get_connection();
        let client = connection.get_wrpc_client(connection.provider_key()).await?;
        serve_provider_exports(&client, $exports, shutdown, |client, exports| async move {
            let served = $serve(client, exports).await;
            println!("{}", json!({ "ready": true }));
            served
        })
        .await
    }};
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).context("which provider?")?.as_str() {
        "blobstore-fs" => {
            let provider = FsProvider::default();
            serve!(provider.clone(), provider, wrpc_interface_blobstore::bindings::serve)
        }
        "blobstore-0.1.0" => {
            let provider = old_blobstore::Store::default();
            serve!(provider.clone(), provider, old_blobstore::serve)
        }
        "http-client" => {
            let provider = http_client::HttpClient::default();
            serve!(provider.clone(), ServeHttp(provider), http_client::serve)
        }
        other => bail!("no provider is called {other}"),
    }
}
