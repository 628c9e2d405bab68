//! What the provider does on command, each time with the crate's own code: lines of standard input, JSON arrays of a name and
//! its arguments. Each is answered by `{"did": NAME, "value": …}` or `{"did": NAME, "error": …}`.

use std::sync::Arc;
use std::time::Duration;

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

use crate::tell;

/// Longest wait for an answer, beside what the crate adds for long arguments.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Ends with standard input; the provider goes on, until its host ends it.
pub async fn obey(data: HostData) {
    let nats = match wasmbus_rpc::async_nats::connect(data.lattice_rpc_url.as_str()).await {
        Ok(nats) => nats,
        Err(error) => return tell(&json!({ "failed": error.to_string() })),
    };
    wait_for_subscriptions(&nats, &data).await;
    tell(&json!({ "ready": true }));
    loop {
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            // The crate has read the host's data through the same buffer.
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        let line = match line.await {
            Ok(Ok(line)) if !line.is_empty() => line,
            _ => return,
        };
        let command: Vec<Value> = serde_json::from_str(&line).unwrap_or_default();
        let name = command.first().cloned().unwrap_or(Value::Null);
        let answer = match run(&nats, &data, &command).await {
            Ok(value) => json!({ "did": name, "value": value }),
            Err(error) => json!({ "did": name, "error": error.to_string() }),
        };
        tell(&answer);
    }
}

/// The crate tells nobody when it has subscribed: each subject is asked until somebody hears it, whether he answers or not.
async fn wait_for_subscriptions(nats: &Client, data: &HostData) {
    let HostData { lattice_rpc_prefix, provider_key, link_name, .. } = data;
    let base = format!("wasmbus.rpc.{lattice_rpc_prefix}.{provider_key}.{link_name}");
    for tail in ["", ".linkdefs.put", ".linkdefs.del", ".shutdown", ".health"] {
        // Nonsense everywhere; a shutdown without another host's name would be obeyed.
        let ask = || nats.request(format!("{base}{tail}"), r#"{"host_id":"nobody"}"#.into());
        while let Ok(Err(_)) = tokio::time::timeout(Duration::from_millis(50), ask()).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn run(
    nats: &Client,
    data: &HostData,
    command: &[Value],
) -> RpcResult<Value> {
    let ctx = Context::default();
    match text(command, 0)? {
        // Calls an actor as `wasmcloud:httpserver` does: ACTOR REQUEST.
        "handle-request" => {
            let link = link_to(data, text(command, 1)?).await;
            let request: HttpRequest = from(command, 2)?;
            let sender = HttpServerSender::via(transport(&link));
            let response = sender.handle_request(&ctx, &request).await?;
            to(&response)
        }
        // Calls an actor with bytes: ACTOR OPERATION HEX.
        "send" => {
            let link = link_to(data, text(command, 1)?).await;
            let message = Message { method: text(command, 2)?, arg: bytes(command, 3)?.into() };
            let answer = transport(&link).send(&ctx, message, None).await?;
            Ok(json!(hex(&answer)))
        }
        // As `send`, with this many bytes, which are to come back as they are: ACTOR OPERATION COUNT.
        "send-many" => {
            let link = link_to(data, text(command, 1)?).await;
            let sent = pattern(from(command, 3)?);
            let message = Message { method: text(command, 2)?, arg: sent.as_slice().into() };
            let answer = transport(&link).send(&ctx, message, None).await?;
            if answer != sent {
                return Err(RpcError::Other(format!("{} other bytes came back", answer.len())));
            }
            Ok(json!(answer.len()))
        }
        // As `send`, signed by another cluster: SEED ACTOR OPERATION HEX.
        "forge" => {
            let link = link_to(data, text(command, 2)?).await;
            let client = client(nats, data, text(command, 1)?)?;
            let message = Message { method: text(command, 3)?, arg: bytes(command, 4)?.into() };
            let (origin, target) = (link.provider_entity(), link.actor_entity());
            let answer = client.send(origin, target, &data.lattice_rpc_prefix, message).await?;
            Ok(json!(hex(&answer)))
        }
        // Calls a provider of `wasmcloud:keyvalue` as an actor's host does: ACTOR PROVIDER LINK-NAME METHOD ARGUMENT.
        "keyvalue" => {
            let mut target = WasmCloudEntity::new_provider("wasmcloud:keyvalue", text(command, 3)?)?;
            target.public_key = text(command, 2)?.into();
            let calling = Calling {
                client: client(nats, data, &data.invocation_seed)?,
                lattice: data.lattice_rpc_prefix.clone(),
                origin: WasmCloudEntity::new_actor(text(command, 1)?)?,
                target,
            };
            keyvalue(&ctx, KeyValueSender::via(calling), command).await
        }
        // What a provider says of its health, read as a host reads it: PROVIDER LINK-NAME.
        "health" => {
            let (key, link) = (text(command, 1)?, text(command, 2)?);
            let subject = format!("wasmbus.rpc.{}.{key}.{link}.health", data.lattice_rpc_prefix);
            let reply = nats.request(subject, Vec::new().into()).await;
            let reply = reply.map_err(|error| RpcError::Nats(error.to_string()))?;
            to(&deserialize::<HealthCheckResponse>(&reply.payload)?)
        }
        // Whether an actor is linked, by what the crate has noted: ACTOR.
        "linked" => Ok(json!(get_host_bridge().is_linked(text(command, 1)?).await)),
        name => Err(RpcError::InvalidParameter(format!("there is no command {name}"))),
    }
}

async fn keyvalue<T: Transport>(
    ctx: &Context,
    sender: KeyValueSender<T>,
    command: &[Value],
) -> RpcResult<Value> {
    match text(command, 4)? {
        "set" => to(&sender.set(ctx, &from::<SetRequest>(command, 5)?).await?),
        "get" => to(&sender.get(ctx, text(command, 5)?).await?),
        "contains" => to(&sender.contains(ctx, text(command, 5)?).await?),
        "del" => to(&sender.del(ctx, text(command, 5)?).await?),
        "increment" => to(&sender.increment(ctx, &from::<IncrementRequest>(command, 5)?).await?),
        name => Err(RpcError::InvalidParameter(format!("there is no method {name}"))),
    }
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

/// The byte at `i` is `i mod 251`.
fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i % 251) as u8).collect()
}

fn at(command: &[Value], index: usize) -> RpcResult<&Value> {
    command
        .get(index)
        .ok_or_else(|| RpcError::InvalidParameter(format!("no argument {index}")))
}

fn text(command: &[Value], index: usize) -> RpcResult<&str> {
    at(command, index)?
        .as_str()
        .ok_or_else(|| RpcError::InvalidParameter(format!("argument {index} is no text")))
}

fn from<T: serde::de::DeserializeOwned>(command: &[Value], index: usize) -> RpcResult<T> {
    serde_json::from_value(at(command, index)?.clone())
        .map_err(|error| RpcError::InvalidParameter(error.to_string()))
}

fn to<T: serde::Serialize>(value: &T) -> RpcResult<Value> {
    serde_json::to_value(value).map_err(|error| RpcError::Ser(error.to_string()))
}

fn bytes(command: &[Value], index: usize) -> RpcResult<Vec<u8>> {
    let digits = text(command, index)?;
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16))
        .collect::<Result<_, _>>()
        .map_err(|error| RpcError::InvalidParameter(error.to_string()))
}

fn hex(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02x}")).collect()
}
