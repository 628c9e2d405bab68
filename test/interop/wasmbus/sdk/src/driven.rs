//! What the provider does on command, each time with the SDK's own code: the commands of the peer in `../rpc`.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use commands::{hex, pattern, same, tell, value_of, Command};
use serde_json::{json, Value};
use wascap::prelude::KeyPair;
use wasmcloud_provider_sdk::core::{HealthCheckResponse, HostData, WasmCloudEntity};
use wasmcloud_provider_sdk::provider_main::get_connection;
use wasmcloud_provider_sdk::{deserialize, serialize, RpcClient};

use crate::contracts::{GetResponse, HttpRequest, HttpResponse, IncrementRequest, SetRequest};
use crate::Peer;

/// Longest wait for an answer, beside what the SDK adds for long arguments.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Ends with standard input; the provider goes on, until its host ends it.
pub async fn obey(peer: Peer, data: HostData) {
    let nats = match async_nats::connect(data.lattice_rpc_url.as_str()).await {
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
    commands::obey(|command| run(&peer, &nats, &data, command)).await;
}

async fn run(peer: &Peer, nats: &Client, data: &HostData, command: Command) -> Result<Value, String> {
    let client = get_connection().get_rpc_client();
    match command.text(0)? {
        "handle-request" => {
            let request = packed(&command.value::<HttpRequest>(2)?)?;
            let operation = "HttpServer.HandleRequest";
            let answer = peer.call(&client, data, command.text(1)?, operation, request).await?;
            value_of(&unpacked::<HttpResponse>(&answer)?)
        }
        "send" => {
            let (actor, operation) = (command.text(1)?, command.text(2)?);
            Ok(hex(&peer.call(&client, data, actor, operation, command.bytes(3)?).await?))
        }
        "send-many" => {
            let (actor, operation) = (command.text(1)?, command.text(2)?);
            let sent = pattern(command.value(3)?);
            same(&sent, &peer.call(&client, data, actor, operation, sent.clone()).await?)
        }
        "send-often" => {
            let mut sending = tokio::task::JoinSet::new();
            for sent in commands::patterns(command.value(3)?, command.value(4)?) {
                let (peer, client, data) = (peer.clone(), client.clone(), data.clone());
                let (actor, operation) = (command.text(1)?.to_owned(), command.text(2)?.to_owned());
                sending.spawn(async move {
                    let back = peer.call(&client, &data, &actor, &operation, sent.clone()).await?;
                    same(&sent, &back)
                });
            }
            commands::all(sending).await
        }
        "forge" => {
            let key = KeyPair::from_seed(command.text(1)?).map_err(|error| error.to_string())?;
            let lattice = &data.lattice_rpc_prefix;
            let host = data.host_id.clone();
            let client = RpcClient::new(nats.clone(), host, Some(TIMEOUT), Arc::new(key), lattice);
            let (actor, operation) = (command.text(2)?, command.text(3)?);
            Ok(hex(&peer.call(&client, data, actor, operation, command.bytes(4)?).await?))
        }
        "keyvalue" => {
            let target = WasmCloudEntity {
                public_key: command.text(2)?.into(),
                link_name: command.text(3)?.into(),
                contract_id: "wasmcloud:keyvalue".into(),
            };
            let send = |method: &'static str, argument: Vec<u8>| {
                let operation = format!("KeyValue.{method}");
                invoke(&client, actor(&command), target.clone(), operation, argument)
            };
            match command.text(4)? {
                "set" => {
                    let request = packed(&command.value::<SetRequest>(5)?)?;
                    send("Set", request).await.map(|_| Value::Null)
                }
                "get" => {
                    let answer = send("Get", packed(&command.text(5)?)?).await?;
                    value_of(&unpacked::<GetResponse>(&answer)?)
                }
                "contains" => {
                    let answer = send("Contains", packed(&command.text(5)?)?).await?;
                    Ok(json!(unpacked::<bool>(&answer)?))
                }
                "del" => {
                    let answer = send("Del", packed(&command.text(5)?)?).await?;
                    Ok(json!(unpacked::<bool>(&answer)?))
                }
                "increment" => {
                    let request = packed(&command.value::<IncrementRequest>(5)?)?;
                    Ok(json!(unpacked::<i32>(&send("Increment", request).await?)?))
                }
                name => Err(format!("there is no method {name}")),
            }
        }
        "health" => {
            let (key, link) = (command.text(1)?, command.text(2)?);
            let subject = format!("wasmbus.rpc.{}.{key}.{link}.health", data.lattice_rpc_prefix);
            let reply = nats.request(subject, "".into()).await.map_err(|error| error.to_string())?;
            value_of(&unpacked::<HealthCheckResponse>(&reply.payload)?)
        }
        "linked" => Ok(json!(get_connection().is_linked(command.text(1)?).await)),
        name => Err(format!("there is no command {name}")),
    }
}

impl Peer {
    /// Calls an actor, as its link says.
    async fn call(
        &self,
        client: &RpcClient,
        data: &HostData,
        actor: &str,
        operation: &str,
        argument: Vec<u8>,
    ) -> Result<Vec<u8>, String> {
        let link = self.links.lock().expect("nobody panics with it").get(actor).cloned();
        let origin = WasmCloudEntity {
            public_key: data.provider_key.clone(),
            link_name: data.link_name.clone(),
            contract_id: link.map_or_else(|| "test:unlinked".into(), |link| link.contract_id),
        };
        let target = WasmCloudEntity { public_key: actor.into(), ..Default::default() };
        invoke(client, origin, target, operation.into(), argument).await
    }
}

/// The one that the first argument names.
fn actor(command: &Command) -> WasmCloudEntity {
    let public_key = command.text(1).unwrap_or_default().into();
    WasmCloudEntity { public_key, ..Default::default() }
}

async fn invoke(
    client: &RpcClient,
    origin: WasmCloudEntity,
    target: WasmCloudEntity,
    operation: String,
    argument: Vec<u8>,
) -> Result<Vec<u8>, String> {
    let response = client.send_timeout(origin, target, operation, argument, TIMEOUT).await;
    let response = response.map_err(|error| error.to_string())?;
    match response.error {
        Some(error) => Err(error),
        None => Ok(response.msg),
    }
}

fn packed<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, String> {
    serialize(value).map_err(|error| error.to_string())
}

fn unpacked<T: serde::de::DeserializeOwned>(data: &[u8]) -> Result<T, String> {
    deserialize(data).map_err(|error| error.to_string())
}
