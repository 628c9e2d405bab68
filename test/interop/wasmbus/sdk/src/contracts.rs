//! Messages of the contracts as the SDK's generator has them (wasmCloud v0.82.0 `crates/providers/http-server`,
//! `crates/providers/kv-redis`), and a store that answers `wasmcloud:keyvalue`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use wasmcloud_provider_sdk::error::{ProviderInvocationError, ProviderInvocationResult};
use wasmcloud_provider_sdk::{deserialize, serialize};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRequest {
    pub method: String,
    pub path: String,
    pub query_string: String,
    pub header: HashMap<String, Vec<String>>,
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpResponse {
    pub status_code: u16,
    pub header: HashMap<String, Vec<String>>,
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
pub struct GetResponse {
    pub value: String,
    pub exists: bool,
}

#[derive(Deserialize, Serialize)]
pub struct SetRequest {
    pub key: String,
    pub value: String,
    pub expires: u32,
}

#[derive(Deserialize, Serialize)]
pub struct IncrementRequest {
    pub key: String,
    pub value: i32,
}

/// Values by actor and key.
#[derive(Clone, Default)]
pub struct Store(Arc<Mutex<HashMap<(String, String), String>>>);

impl Store {
    pub fn answer(&self, actor: &str, method: &str, body: &[u8]) -> ProviderInvocationResult<Vec<u8>> {
        let own = |key: String| (actor.to_owned(), key);
        let mut values = self.0.lock().expect("nobody panics with it");
        let answer = match method {
            "Get" => {
                let found = values.get(&own(deserialize(body)?)).cloned();
                serialize(&GetResponse { exists: found.is_some(), value: found.unwrap_or_default() })
            }
            "Set" => {
                let SetRequest { key, value, .. } = deserialize(body)?;
                values.insert(own(key), value);
                // As the generator writes what is nothing: nil.
                serialize(&())
            }
            "Contains" => serialize(&values.contains_key(&own(deserialize(body)?))),
            "Del" => serialize(&values.remove(&own(deserialize(body)?)).is_some()),
            "Increment" => {
                let IncrementRequest { key, value } = deserialize(body)?;
                let kept = values.entry(own(key.clone())).or_insert_with(|| "0".into());
                let number: i32 = kept.parse().map_err(|_| {
                    ProviderInvocationError::Provider(format!("invalid parameter: {key} is no number"))
                })?;
                *kept = (number + value).to_string();
                serialize(&(number + value))
            }
            "ListAdd" => return Err("method not implemented".to_string().into()),
            _ => return Err(format!("method not handled KeyValue::{method}").into()),
        };
        Ok(answer?)
    }
}
