//! The resource of `inlay:interop/counters`, called and served.

use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use bytes::Bytes;
use wrpc_transport::{ResourceBorrow, ResourceOwn};

use crate::report::check;
use caller::inlay::interop::counters;
use server::exports::inlay::interop::counters as served;

mod caller {
    wit_bindgen_wrpc::generate!({
        world: "inlay:interop/counter-caller",
        path: ["../../.built/wit/types.wit", "../../.built/wit/hello.wit", "../../.built/wit/interop.wit"],
        generate_all,
    });
}

mod server {
    wit_bindgen_wrpc::generate!({
        world: "inlay:interop/counter-server",
        path: ["../../.built/wit/types.wit", "../../.built/wit/hello.wit", "../../.built/wit/interop.wit"],
        generate_all,
    });
}

pub async fn call(wrpc: &wrpc_transport_nats::Client) -> anyhow::Result<()> {
    check("a counter", (8, 8), async {
        let counter = counters::Counter::new(wrpc, None, 5).await?;
        let added = counters::Counter::add(wrpc, None, &counter.as_borrow(), 3).await?;
        let value = counters::Counter::value(wrpc, None, &counter.as_borrow()).await?;
        Ok((added, value))
    })
    .await;
    check("two counters", (1, 20), async {
        let one = counters::Counter::new(wrpc, None, 1).await?;
        let two = counters::Counter::new(wrpc, None, 2).await?;
        counters::Counter::add(wrpc, None, &two.as_borrow(), 18).await?;
        let first = counters::Counter::value(wrpc, None, &one.as_borrow()).await?;
        let second = counters::Counter::value(wrpc, None, &two.as_borrow()).await?;
        Ok((first, second))
    })
    .await;
    check("a static function", 6, counters::Counter::sum(wrpc, None, &[1, 2, 3])).await;
    Ok(())
}

/// Values of counters; a handle is a place in it.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Vec<u64>>>);

impl Server {
    fn with<T>(&self, handle: &Bytes, act: impl FnOnce(&mut u64) -> T) -> anyhow::Result<T> {
        let place = u32::from_be_bytes(handle.as_ref().try_into().context("no handle of ours")?);
        let mut values = self.0.lock().expect("nobody panics with it");
        Ok(act(values.get_mut(place as usize).context("no such counter")?))
    }
}

type Headers = Option<async_nats::HeaderMap>;

impl served::Handler<Headers> for Server {}

impl served::HandlerCounter<Headers> for Server {
    async fn new(&self, _: Headers, start: u64) -> anyhow::Result<ResourceOwn<served::Counter>> {
        let mut values = self.0.lock().expect("nobody panics with it");
        values.push(start);
        let place = u32::try_from(values.len() - 1)?;
        Ok(ResourceOwn::from(Bytes::copy_from_slice(&place.to_be_bytes())))
    }

    async fn add(
        &self,
        _: Headers,
        counter: ResourceBorrow<served::Counter>,
        by: u64,
    ) -> anyhow::Result<u64> {
        self.with(&Bytes::from(counter), |value| {
            *value += by;
            *value
        })
    }

    async fn value(
        &self,
        _: Headers,
        counter: ResourceBorrow<served::Counter>,
    ) -> anyhow::Result<u64> {
        self.with(&Bytes::from(counter), |value| *value)
    }

    async fn sum(&self, _: Headers, counters: Vec<u64>) -> anyhow::Result<u64> {
        Ok(counters.into_iter().sum())
    }
}

pub async fn serve(
    nats: &async_nats::Client,
    wrpc: &wrpc_transport_nats::Client,
) -> anyhow::Result<()> {
    crate::serving::serve(nats, server::serve(wrpc, Server::default()).await?).await
}
