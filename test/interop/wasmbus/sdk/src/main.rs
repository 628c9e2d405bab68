//! A capability provider from the SDK of wasmCloud 0.82 itself, as a host starts it: with its data on standard input.
//!
//! It does what the peer in `../rpc` does, with the same commands.

mod contracts;
mod driven;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use commands::tell;
use serde_json::json;
use wasmcloud_provider_sdk::core::{HealthCheckRequest, HealthCheckResponse, LinkDefinition};
use wasmcloud_provider_sdk::error::ProviderInvocationError;
use wasmcloud_provider_sdk::{load_host_data, run_provider};
use wasmcloud_provider_sdk::{Context, MessageDispatch, Provider, ProviderHandler};

#[derive(Clone, Default)]
pub struct Peer {
    store: contracts::Store,
    /// By actor: the SDK keeps its own to itself.
    links: Arc<Mutex<HashMap<String, LinkDefinition>>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = load_host_data()?;
    tell(&json!({ "init": data.provider_key, "config": data.config_json }));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let peer = Peer::default();
        tokio::spawn(driven::obey(peer.clone(), data.clone()));
        run_provider(peer, None).await
    })?;
    // A thread reads commands, and nobody can end that.
    runtime.shutdown_background();
    tell(&json!({ "ended": true }));
    Ok(())
}

impl Provider for Peer {}

#[async_trait]
impl ProviderHandler for Peer {
    async fn put_link(&self, link: &LinkDefinition) -> bool {
        let LinkDefinition { actor_id, contract_id, link_name, values, .. } = link;
        let values: HashMap<_, _> = values.iter().cloned().collect();
        tell(&json!({
            "linked": actor_id, "contract": contract_id, "name": link_name, "values": values,
        }));
        self.links.lock().expect("nobody panics with it").insert(actor_id.clone(), link.clone());
        !values.contains_key("refuse")
    }

    async fn delete_link(&self, actor_id: &str) {
        self.links.lock().expect("nobody panics with it").remove(actor_id);
        tell(&json!({ "unlinked": actor_id }));
    }

    async fn health_request(&self, _: &HealthCheckRequest) -> HealthCheckResponse {
        HealthCheckResponse { healthy: true, message: Some("well".into()) }
    }

    async fn shutdown(&self) {
        tell(&json!({ "shutdown": true }));
    }
}

#[async_trait]
impl MessageDispatch for Peer {
    async fn dispatch<'a>(
        &'a self,
        ctx: Context,
        method: String,
        body: Cow<'a, [u8]>,
    ) -> Result<Vec<u8>, ProviderInvocationError> {
        tell(&json!({
            "called": method, "by": ctx.actor, "bytes": body.len(), "trace": ctx.tracing,
        }));
        match method.split_once('.') {
            Some(("Echo", "Say")) => Ok(body.into_owned()),
            Some(("KeyValue", name)) => {
                self.store.answer(&ctx.actor.unwrap_or_default(), name, &body)
            }
            _ => Err(format!("method not handled {method}").into()),
        }
    }
}
