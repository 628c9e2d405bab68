//! What the provider does on command, each time with the crate's own code.

use std::sync::Arc;
use std::time::Duration;

use commands::{hex, pattern, same, tell, value_of, Command};
use serde_json::{json, Value};
use wasmbus_rpc::async_nats::Client;
use wasmbus_rpc::common::{deserialize, Context, Message, SendOpts, Transport};
use wasmbus_rpc::core::{HealthCheckResponse, HostData, LinkDefinition, WasmCloudEntity};
use wasmbus_rpc::error::{RpcError, RpcResult};
use wasmbus_rpc::provider::prelude::{async_trait, get_host_bridge};
use wasmbus_rpc::provider::ProviderTransport;
use wasmbus_rpc::rpc_client::RpcClient;
use wasmbus_rpc::wascap::prelude::KeyPair;
use wasmcloud_interface_httpserver::{HttpRequest, HttpServer, HttpServerSender};
use wasmcloud_interface_keyvalue::{IncrementRequest, KeyValue, KeyValueSender, SetRequest};

/// Longest wait for an answer, beside what the crate adds for long arguments.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Ends with standard input; the provider goes on, until its host ends it.
pub async fn obey(data: HostData) {
    let nats = match wasmbus_rpc::async_nats::connect(data.lattice_rpc_url.as_str()).await {
        Ok(nats) => nats,
        Err(error) => return tell(&json!({ "failed": error.to_string() })),
    };
    let HostData { lattice_rpc_prefix, provider_key, link_name, .. } = &data;
    for subject in commands::subjects(lattice_rpc_prefix, provider_key, link_name) {
        let ask = || nats.request(subject.clone(), commands::NONSENSE.into());
        while let Ok(Err(_)) = tokio::time::timeout(Duration::from_millis(50), ask()).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    tell(&json!({ "ready": true }));
    commands::obey(|command| async {
        run(&nats, &data, command).await.map_err(|error| error.to_string())
    })
    .await;
}

async fn run(nats: &Client, data: &HostData, command: Command) -> RpcResult<Value> {
    let ctx = Context::default();
    match command.text(0)? {
        // Calls an actor as `wasmcloud:httpserver` does: ACTOR REQUEST.
        "handle-request" => {
            let link = link_to(data, command.text(1)?).await;
            let request: HttpRequest = command.value(2)?;
            let sender = HttpServerSender::via(transport(&link));
            let response = sender.handle_request(&ctx, &request).await?;
            Ok(value_of(&response)?)
        }
        // Calls an actor with bytes: ACTOR OPERATION HEX.
        "send" => {
            let link = link_to(data, command.text(1)?).await;
            let message = Message { method: command.text(2)?, arg: command.bytes(3)?.into() };
            Ok(hex(&transport(&link).send(&ctx, message, None).await?))
        }
        // As `send`, with this many bytes, which are to come back as they are: ACTOR OPERATION COUNT.
        "send-many" => {
            let link = link_to(data, command.text(1)?).await;
            let sent = pattern(command.value(3)?);
            let message = Message { method: command.text(2)?, arg: sent.as_slice().into() };
            let answer = transport(&link).send(&ctx, message, None).await?;
            Ok(same(&sent, &answer)?)
        }
        // As `send-many`, this often at once, each time with one byte more: ACTOR OPERATION COUNT TIMES.
        "send-often" => {
            let link = link_to(data, command.text(1)?).await;
            let mut sending = tokio::task::JoinSet::new();
            for sent in commands::patterns(command.value(3)?, command.value(4)?) {
                let (link, method) = (link.clone(), command.text(2)?.to_owned());
                sending.spawn(async move {
                    let message = Message { method: &method, arg: sent.as_slice().into() };
                    let answer = transport(&link).send(&Context::default(), message, None).await;
                    answer.map_err(|error| error.to_string()).and_then(|back| same(&sent, &back))
                });
            }
            Ok(commands::all(sending).await?)
        }
        // As `send`, signed by another cluster: SEED ACTOR OPERATION HEX.
        "forge" => {
            let link = link_to(data, command.text(2)?).await;
            let client = client(nats, data, command.text(1)?)?;
            let message = Message { method: command.text(3)?, arg: command.bytes(4)?.into() };
            let (origin, target) = (link.provider_entity(), link.actor_entity());
            Ok(hex(&client.send(origin, target, &data.lattice_rpc_prefix, message).await?))
        }
        // Calls a provider of `wasmcloud:keyvalue` as an actor's host does: ACTOR PROVIDER LINK-NAME METHOD ARGUMENT.
        "keyvalue" => {
            let contract = "wasmcloud:keyvalue";
            let mut target = WasmCloudEntity::new_provider(contract, command.text(3)?)?;
            target.public_key = command.text(2)?.into();
            let calling = Calling {
                client: client(nats, data, &data.invocation_seed)?,
                lattice: data.lattice_rpc_prefix.clone(),
                origin: WasmCloudEntity::new_actor(command.text(1)?)?,
                target,
            };
            keyvalue(&ctx, KeyValueSender::via(calling), &command).await
        }
        // What a provider says of its health, read as a host reads it: PROVIDER LINK-NAME.
        "health" => {
            let (key, link) = (command.text(1)?, command.text(2)?);
            let subject = format!("wasmbus.rpc.{}.{key}.{link}.health", data.lattice_rpc_prefix);
            let reply = nats.request(subject, Vec::new().into()).await;
            let reply = reply.map_err(|error| RpcError::Nats(error.to_string()))?;
            Ok(value_of(&deserialize::<HealthCheckResponse>(&reply.payload)?)?)
        }
        // Whether an actor is linked, by what the crate has noted: ACTOR.
        "linked" => Ok(json!(get_host_bridge().is_linked(command.text(1)?).await)),
        name => Err(RpcError::InvalidParameter(format!("there is no command {name}"))),
    }
}

async fn keyvalue<T: Transport>(
    ctx: &Context,
    sender: KeyValueSender<T>,
    command: &Command,
) -> RpcResult<Value> {
    let value = match command.text(4)? {
        "set" => value_of(&sender.set(ctx, &command.value::<SetRequest>(5)?).await?),
        "get" => value_of(&sender.get(ctx, command.text(5)?).await?),
        "contains" => value_of(&sender.contains(ctx, command.text(5)?).await?),
        "del" => value_of(&sender.del(ctx, command.text(5)?).await?),
        "increment" => {
            value_of(&sender.increment(ctx, &command.value::<IncrementRequest>(5)?).await?)
        }
        name => Err(format!("there is no method {name}")),
    };
    Ok(value?)
}

/// The link of an actor, or one that would be if nobody has put it.
async fn link_to(data: &HostData, actor: &str) -> LinkDefinition {
    if let Some(link) = get_host_bridge().get_link(actor).await {
        return link;
    }
    let mut link = LinkDefinition::default();
    link.actor_id = actor.into();
    link.provider_id = data.provider_key.clone();
    link.link_name = data.link_name.clone();
    link.contract_id = "test:unlinked".into();
    link
}

fn transport(link: &LinkDefinition) -> ProviderTransport<'_> {
    ProviderTransport::new_with_timeout(link, None, Some(TIMEOUT))
}

/// A client that signs by `seed`.
fn client(nats: &Client, data: &HostData, seed: &str) -> RpcResult<RpcClient> {
    let key = KeyPair::from_seed(seed).map_err(|error| RpcError::Other(error.to_string()))?;
    Ok(RpcClient::new(nats.clone(), data.host_id.clone(), Some(TIMEOUT), Arc::new(key)))
}

/// Calls of an actor, which its host makes for it.
#[derive(Clone)]
struct Calling {
    client: RpcClient,
    lattice: String,
    origin: WasmCloudEntity,
    target: WasmCloudEntity,
}

#[async_trait]
impl Transport for Calling {
    async fn send(&self, _: &Context, message: Message<'_>, _: Option<SendOpts>) -> RpcResult<Vec<u8>> {
        let (origin, target) = (self.origin.clone(), self.target.clone());
        self.client.send(origin, target, &self.lattice, message).await
    }

    fn set_timeout(&self, _: Duration) {}
}
