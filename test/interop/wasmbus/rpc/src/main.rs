//! A capability provider of wasmCloud 0.82 and before, from `wasmbus-rpc`, as a host starts it: with its data on standard input.
//!
//! It keeps keys and values, gives back what `Echo.Say` brings, and tells its host's messages and the calls of actors as
//! JSON lines on standard output, the first of them `{"ready":true}`. What its standard input has after the host's data
//! are commands ([`driven`]), one JSON array per line, each answered by one line.

mod driven;
mod keyvalue;

use std::convert::Infallible;

use commands::tell;
use serde_json::json;
use wasmbus_rpc::common::MessageDispatch;
use wasmbus_rpc::core::{HealthCheckRequest, HealthCheckResponse};
use wasmbus_rpc::provider::prelude::*;
use wasmcloud_interface_keyvalue::KeyValueReceiver;

#[derive(Clone, Default)]
pub struct Peer {
    store: keyvalue::Store,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = load_host_data()?;
    tell(&json!({ "init": data.provider_key, "config": data.config_json }));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::spawn(driven::obey(data.clone()));
        provider_run(Peer::default(), data, None).await
    })?;
    // A thread reads commands, and nobody can end that.
    runtime.shutdown_background();
    tell(&json!({ "ended": true }));
    Ok(())
}

impl ProviderDispatch for Peer {}

#[async_trait]
impl ProviderHandler for Peer {
    async fn put_link(&self, link: &LinkDefinition) -> RpcResult<bool> {
        let LinkDefinition { actor_id, contract_id, link_name, values, .. } = link;
        tell(&json!({
            "linked": actor_id, "contract": contract_id, "name": link_name, "values": values,
        }));
        Ok(values.get("refuse").is_none())
    }

    async fn delete_link(&self, actor_id: &str) {
        tell(&json!({ "unlinked": actor_id }));
    }

    async fn health_request(&self, _: &HealthCheckRequest) -> RpcResult<HealthCheckResponse> {
        Ok(HealthCheckResponse { healthy: true, message: Some("well".into()) })
    }

    async fn shutdown(&self) -> Result<(), Infallible> {
        tell(&json!({ "shutdown": true }));
        Ok(())
    }
}

#[async_trait]
impl MessageDispatch for Peer {
    async fn dispatch(&self, ctx: &Context, message: Message<'_>) -> RpcResult<Vec<u8>> {
        let Message { method, arg } = message;
        tell(&json!({ "called": method, "by": ctx.actor, "bytes": arg.len() }));
        match method.split_once('.') {
            Some(("Echo", "Say")) => Ok(arg.into_owned()),
            Some(("KeyValue", method)) => {
                KeyValueReceiver::dispatch(self, ctx, Message { method, arg }).await
            }
            _ => Err(RpcError::MethodNotHandled(method.into())),
        }
    }
}
