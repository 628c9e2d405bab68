//! What the peers have in common: commands on standard input, one JSON array of a name and its arguments per line, each
//! answered on standard output by `{"did": NAME, "value": …}` or `{"did": NAME, "error": …}`.

use std::future::Future;

use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{json, Value};
use tokio::task::JoinSet;

/// Writes one line.
pub fn tell(line: &Value) {
    println!("{line}");
}

/// Runs each command by `run`, until standard input ends.
pub async fn obey<F: Future<Output = Result<Value, String>>>(run: impl Fn(Command) -> F) {
    loop {
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            // A provider's SDK has read the host's data through the same buffer.
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        let line = match line.await {
            Ok(Ok(line)) if !line.is_empty() => line,
            _ => return,
        };
        let command = Command(serde_json::from_str(&line).unwrap_or_default());
        let name = command.at(0).cloned().unwrap_or(Value::Null);
        tell(&match run(command).await {
            Ok(value) => json!({ "did": name, "value": value }),
            Err(error) => json!({ "did": name, "error": error }),
        });
    }
}

pub struct Command(Vec<Value>);

impl Command {
    fn at(&self, place: usize) -> Result<&Value, String> {
        self.0.get(place).ok_or_else(|| format!("no argument {place}"))
    }

    /// Place 0 has the name.
    pub fn text(&self, place: usize) -> Result<&str, String> {
        self.at(place)?.as_str().ok_or_else(|| format!("argument {place} is no text"))
    }

    pub fn value<T: DeserializeOwned>(&self, place: usize) -> Result<T, String> {
        serde_json::from_value(self.at(place)?.clone())
            .map_err(|error| format!("argument {place}: {error}"))
    }

    /// From hexadecimal digits.
    pub fn bytes(&self, place: usize) -> Result<Vec<u8>, String> {
        let digits = self.text(place)?;
        (0..digits.len() / 2)
            .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("argument {place}: {error}"))
    }
}

pub fn value_of<T: Serialize>(value: &T) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

pub fn hex(data: &[u8]) -> Value {
    Value::String(data.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The byte at `i` is `i mod 251`.
pub fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i % 251) as u8).collect()
}

/// As many of `count` bytes and more, each one byte longer than the one before.
pub fn patterns(count: usize, times: usize) -> impl Iterator<Item = Vec<u8>> {
    (count..count + times).map(pattern)
}

/// How many have succeeded; an error if one has not.
pub async fn all(mut sending: JoinSet<Result<Value, String>>) -> Result<Value, String> {
    let mut done = 0;
    while let Some(outcome) = sending.join_next().await {
        outcome.map_err(|error| error.to_string())??;
        done += 1;
    }
    Ok(json!(done))
}

/// How many bytes came back, if they are what was sent.
pub fn same(sent: &[u8], back: &[u8]) -> Result<Value, String> {
    if sent == back {
        Ok(json!(back.len()))
    } else {
        Err(format!("{} other bytes came back", back.len()))
    }
}

/// The subjects of a provider, which no SDK tells that it has subscribed to. [`NONSENSE`] is answered or not, but heard.
pub fn subjects(lattice: &str, provider: &str, link: &str) -> Vec<String> {
    ["", ".linkdefs.put", ".linkdefs.del", ".shutdown", ".health"]
        .iter()
        .map(|tail| format!("wasmbus.rpc.{lattice}.{provider}.{link}{tail}"))
        .collect()
}

/// A shutdown without another host's name would be obeyed.
pub const NONSENSE: &str = r#"{"host_id":"nobody"}"#;
