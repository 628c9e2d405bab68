//! A capability provider from wasmCloud's SDK, as a host starts it: with its data on standard input.
//!
//! It greets whoever is linked to it, and relays to the component that it is linked to. It tells its host's messages as
//! JSON lines on standard output, the first of them `{"ready":true}`.

use std::sync::{Arc, RwLock};

use anyhow::Context as _;
use bytes::Bytes;
use serde_json::json;
use wasmcloud_provider_sdk::{
    get_connection, run_provider, serve_provider_exports, Context,
    LinkConfig, LinkDeleteInfo, Provider, ProviderConfigUpdate, ProviderInitConfig,
};

use bindings::exports::inlay::demo::greeter as served;
use bindings::exports::inlay::interop::relay;
use bindings::inlay::demo::greeter;

mod bindings {
    wit_bindgen_wrpc::generate!({
        world: "inlay:interop/provider",
        path: ["../../.built/wit/types.wit", "../../.built/wit/hello.wit", "../../.built/wit/interop.wit"],
        generate_all,
    });
}

/// The component that the provider calls.
type Target = Arc<RwLock<Option<String>>>;

#[derive(Clone, Default)]
struct Peer {
    target: Target,
}

fn tell(line: &serde_json::Value) {
    println!("{line}");
}

impl Peer {
    fn set_target(&self, target: Option<&str>) {
        *self.target.write().expect("nobody panics with it") = target.map(ToOwned::to_owned);
    }

    async fn client(&self) -> anyhow::Result<wasmcloud_provider_sdk::provider::WrpcClient> {
        let target = self.target.read().expect("nobody panics with it").clone();
        let target = target.context("no link as a source")?;
        get_connection().get_wrpc_client(&target).await
    }
}

impl Provider for Peer {
    async fn init(&self, init: impl ProviderInitConfig) -> anyhow::Result<()> {
        tell(&json!({ "init": init.get_provider_id(), "config": init.get_config() }));
        Ok(())
    }

    async fn on_config_update(&self, update: impl ProviderConfigUpdate) -> anyhow::Result<()> {
        tell(&json!({ "config": update.get_values() }));
        Ok(())
    }

    async fn receive_link_config_as_source(&self, link: LinkConfig<'_>) -> anyhow::Result<()> {
        self.set_target(Some(link.target_id));
        tell(&json!({
            "linked": "source", "with": link.target_id, "name": link.link_name, "config": link.config,
        }));
        Ok(())
    }

    async fn receive_link_config_as_target(&self, link: LinkConfig<'_>) -> anyhow::Result<()> {
        tell(&json!({
            "linked": "target", "with": link.source_id, "name": link.link_name, "config": link.config,
        }));
        Ok(())
    }

    async fn delete_link_as_source(&self, link: impl LinkDeleteInfo) -> anyhow::Result<()> {
        self.set_target(None);
        tell(&json!({ "unlinked": "source", "with": link.get_target_id() }));
        Ok(())
    }

    async fn delete_link_as_target(&self, link: impl LinkDeleteInfo) -> anyhow::Result<()> {
        tell(&json!({ "unlinked": "target", "with": link.get_source_id() }));
        Ok(())
    }

    async fn shutdown(&self) -> anyhow::Result<()> {
        tell(&json!({ "shutdown": true }));
        Ok(())
    }
}

impl served::Handler<Option<Context>> for Peer {
    async fn greet(&self, cx: Option<Context>, name: String) -> anyhow::Result<String> {
        let cx = cx.context("a call without headers")?;
        let caller = cx.component.as_deref().unwrap_or("nobody");
        let link = cx.link_name();
        let connection = get_connection();
        let own = connection.provider_key();
        let linked = connection.is_linked(caller, own, "inlay", "demo", link).await;
        Ok(format!("Hello, {name}! You are {caller} over {link}, linked: {linked}"))
    }

    async fn hello(&self, _: Option<Context>) -> anyhow::Result<String> {
        Ok("hello from a provider".into())
    }

    async fn add(&self, _: Option<Context>, a: u32, b: u32) -> anyhow::Result<u32> {
        Ok(a.wrapping_add(b))
    }

    async fn echo(&self, _: Option<Context>, data: Bytes) -> anyhow::Result<Bytes> {
        Ok(data)
    }
}

impl relay::Handler<Option<Context>> for Peer {
    async fn greet_through(
        &self,
        _: Option<Context>,
        name: String,
    ) -> anyhow::Result<Result<String, String>> {
        let greeted = async { greeter::greet(&self.client().await?, None, &name).await };
        Ok(greeted.await.map_err(|error| format!("{error:#}")))
    }

    async fn echo_through(
        &self,
        _: Option<Context>,
        size: u32,
    ) -> anyhow::Result<Result<u32, String>> {
        let data: Bytes = (0..size).map(|i| (i % 251) as u8).collect();
        let echoed = async { greeter::echo(&self.client().await?, None, &data).await };
        Ok(echoed.await.map_err(|error| format!("{error:#}")).map(|back| {
            u32::from(back == data) * size
        }))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let peer = Peer::default();
    let shutdown = run_provider(peer.clone(), "provider-peer").await?;
    let connection = get_connection();
    let client = connection.get_wrpc_client(connection.provider_key()).await?;
    tell(&json!({ "ready": true }));
    serve_provider_exports(&client, peer, shutdown, bindings::serve).await
}
