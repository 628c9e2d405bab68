//! The client library of wash of wasmCloud 0.82 (`wasmcloud-control-interface` 0.33), by commands on standard input.
//!
//! `wasmbus-wash-peer URL LATTICE`. `value` of an answer is what the library read. Events of the types that `events` names
//! come as `{"event": TYPE, "source": …, "data": …}`.

use std::collections::HashMap;
use std::fmt::Display;
use std::time::Duration;

use commands::{tell, value_of, Command};
use serde::Serialize;
use serde_json::{json, Value};
use wasmcloud_control_interface::{Client, ClientBuilder};

type Texts = HashMap<String, String>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, lattice] = args.as_slice() else {
        return Err(format!("wanted: URL LATTICE, but got {args:?}").into());
    };
    let nats = async_nats::connect(url).await?;
    let client = ClientBuilder::new(nats)
        .lattice(lattice)
        .timeout(Duration::from_secs(10))
        .auction_timeout(Duration::from_secs(1))
        .build();
    tell(&json!({ "ready": true }));
    commands::obey(|command| {
        let client = client.clone();
        async move { run(&client, command).await }
    })
    .await;
    Ok(())
}

async fn run(client: &Client, command: Command) -> Result<Value, String> {
    let text = |place| command.text(place);
    match text(0)? {
        "get_hosts" => told(client.get_hosts().await),
        "get_host_inventory" => told(client.get_host_inventory(text(1)?).await),
        "get_claims" => told(client.get_claims().await),
        "perform_actor_auction" => {
            told(client.perform_actor_auction(text(1)?, command.value::<Texts>(2)?).await)
        }
        "perform_provider_auction" => {
            let constraints: Texts = command.value(3)?;
            told(client.perform_provider_auction(text(1)?, text(2)?, constraints).await)
        }
        "scale_actor" => {
            let (count, annotations) = (command.value(3)?, command.value(4)?);
            told(client.scale_actor(text(1)?, text(2)?, count, annotations).await)
        }
        "update_actor" => {
            let annotations = command.value(4)?;
            told(client.update_actor(text(1)?, text(2)?, text(3)?, annotations).await)
        }
        "stop_actor" => {
            told(client.stop_actor(text(1)?, text(2)?, command.value(3)?).await)
        }
        "start_provider" => {
            let (link, annotations) = (command.value(3)?, command.value(4)?);
            let configuration = command.value(5)?;
            let (host, image) = (text(1)?, text(2)?);
            told(client.start_provider(host, image, link, annotations, configuration).await)
        }
        "stop_provider" => {
            let (host, provider, link, contract) = (text(1)?, text(2)?, text(3)?, text(4)?);
            told(client.stop_provider(host, provider, link, contract, None).await)
        }
        "stop_host" => told(client.stop_host(text(1)?, command.value(2)?).await),
        "advertise_link" => {
            let (actor, provider, contract, link) = (text(1)?, text(2)?, text(3)?, text(4)?);
            let values: Texts = command.value(5)?;
            told(client.advertise_link(actor, provider, contract, link, values).await)
        }
        "remove_link" => told(client.remove_link(text(1)?, text(2)?, text(3)?).await),
        "query_links" => told(client.query_links().await),
        "put_config" => told(client.put_config(text(1)?, text(2)?, command.bytes(3)?).await),
        "get_config" => told(client.get_config(text(1)?, text(2)?).await),
        "get_all_config" => told(client.get_all_config(text(1)?).await),
        "delete_config_key" => told(client.delete_config_key(text(1)?, text(2)?).await),
        "put_label" => told(client.put_label(text(1)?, text(2)?, text(3)?).await),
        "delete_label" => told(client.delete_label(text(1)?, text(2)?).await),
        "put_registries" => told(client.put_registries(command.value(1)?).await),
        "events" => listen(client, command.value(1)?).await,
        name => Err(format!("there is no command {name}")),
    }
}

async fn listen(client: &Client, types: Vec<String>) -> Result<Value, String> {
    let mut events = client.events_receiver(types).await.map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            let event = value_of(&event).unwrap_or(Value::Null);
            tell(&json!({
                "event": event["type"], "source": event["source"], "data": event["data"],
            }));
        }
    });
    Ok(Value::Null)
}

/// What the library read, as JSON.
fn told<T: Serialize, E: Display>(result: Result<T, E>) -> Result<Value, String> {
    value_of(&result.map_err(|error| error.to_string())?)
}
