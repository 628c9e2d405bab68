//! wash's client library for lattices (`wasmcloud-control-interface`), one command per line of standard input.
//!
//! `wash-peer URL LATTICE`. A line is a JSON array: a command of [`run`] and its arguments. Each is answered by one line,
//! `{"did": COMMAND, "value": …}` or `{"did": COMMAND, "error": …}`; `value` is what the library read out of the answers.
//! Events of the types that `events` names come as `{"event": TYPE, "source": …, "data": …}`.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::{anyhow, bail, Context as _};
use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use wasmcloud_control_interface::{Client, ClientBuilder, Link, RegistryCredential};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, lattice] = args.as_slice() else {
        bail!("wanted: URL LATTICE, but got {args:?}");
    };
    let nats = async_nats::connect(url)
        .await
        .with_context(|| format!("no connection to {url}"))?;
    let client = ClientBuilder::new(nats)
        .lattice(lattice)
        // wash's own: `crates/wash/src/lib/config.rs` @ v1.9.2.
        .timeout(Duration::from_millis(2000))
        .auction_timeout(Duration::from_millis(2000))
        .build();
    println!("{}", json!({ "ready": true }));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let command: Vec<Value> = serde_json::from_str(&line).context("no command")?;
        let name = command.first().cloned().unwrap_or(Value::Null);
        let answer = match run(&client, &command).await {
            Ok(value) => json!({ "did": name, "value": value }),
            Err(error) => json!({ "did": name, "error": format!("{error:#}") }),
        };
        println!("{answer}");
    }
    Ok(())
}

async fn run(client: &Client, command: &[Value]) -> anyhow::Result<Value> {
    let name: String = at(command, 0)?;
    match name.as_str() {
        "get_hosts" => told(client.get_hosts().await),
        "get_host_inventory" => told(client.get_host_inventory(&text(command, 1)?).await),
        "get_claims" => told(client.get_claims().await),
        "perform_component_auction" => {
            let constraints: BTreeMap<String, String> = at(command, 3)?;
            let (image, id) = (text(command, 1)?, text(command, 2)?);
            told(client.perform_component_auction(&image, &id, constraints).await)
        }
        "perform_provider_auction" => {
            let constraints: BTreeMap<String, String> = at(command, 3)?;
            let (image, id) = (text(command, 1)?, text(command, 2)?);
            told(client.perform_provider_auction(&image, &id, constraints).await)
        }
        "scale_component" => told(
            client
                .scale_component(
                    &text(command, 1)?,
                    &text(command, 2)?,
                    &text(command, 3)?,
                    at(command, 4)?,
                    at(command, 5)?,
                    at(command, 6)?,
                    at(command, 7)?,
                )
                .await,
        ),
        "update_component" => {
            let (host, id, image) = (text(command, 1)?, text(command, 2)?, text(command, 3)?);
            told(client.update_component(&host, &id, &image, at(command, 4)?).await)
        }
        "start_provider" => {
            let (host, image, id) = (text(command, 1)?, text(command, 2)?, text(command, 3)?);
            let (annotations, config) = (at(command, 4)?, at(command, 5)?);
            told(client.start_provider(&host, &image, &id, annotations, config).await)
        }
        "stop_provider" => {
            told(client.stop_provider(&text(command, 1)?, &text(command, 2)?).await)
        }
        "stop_host" => told(client.stop_host(&text(command, 1)?, at(command, 2)?).await),
        "put_link" => told(client.put_link(at::<Link>(command, 1)?).await),
        "delete_link" => told(
            client
                .delete_link(
                    &text(command, 1)?,
                    &text(command, 2)?,
                    &text(command, 3)?,
                    &text(command, 4)?,
                )
                .await,
        ),
        "get_links" => told(client.get_links().await),
        "put_config" => {
            let values: HashMap<String, String> = at(command, 2)?;
            told(client.put_config(&text(command, 1)?, values).await)
        }
        "get_config" => told(client.get_config(&text(command, 1)?).await),
        "delete_config" => told(client.delete_config(&text(command, 1)?).await),
        "put_label" => {
            let (host, key, value) = (text(command, 1)?, text(command, 2)?, text(command, 3)?);
            told(client.put_label(&host, &key, &value).await)
        }
        "delete_label" => {
            told(client.delete_label(&text(command, 1)?, &text(command, 2)?).await)
        }
        "put_registries" => {
            let registries: HashMap<String, RegistryCredential> = at(command, 1)?;
            told(client.put_registries(registries).await)
        }
        "events" => listen(client, at(command, 1)?).await,
        _ => bail!("there is no command {name}"),
    }
}

async fn listen(client: &Client, types: Vec<String>) -> anyhow::Result<Value> {
    let mut events = client.events_receiver(types).await.map_err(|error| anyhow!("{error}"))?;
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            // Both traits come with the library's own version of the crate: its JSON form is what is left to read.
            let json = serde_json::to_value(&event).unwrap_or(Value::Null);
            println!(
                "{}",
                json!({ "event": json["type"], "source": json["source"], "data": json["data"] })
            );
        }
    });
    Ok(Value::Null)
}

/// What the library read, as JSON.
fn told<T: Serialize, E: std::fmt::Display>(result: Result<T, E>) -> anyhow::Result<Value> {
    match result {
        Ok(value) => Ok(serde_json::to_value(value)?),
        Err(error) => bail!("{error}"),
    }
}

fn at<T: DeserializeOwned>(command: &[Value], place: usize) -> anyhow::Result<T> {
    let value = command.get(place).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).with_context(|| format!("argument {place}"))
}

fn text(command: &[Value], place: usize) -> anyhow::Result<String> {
    at(command, place)
}
