//! Streams and futures of `inlay:interop/flows`, called and served.

use std::future::Future;
use std::pin::Pin;

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use futures::{stream, Stream, StreamExt as _};

use crate::report::check;
use caller::inlay::interop::flows;

mod caller {
    wit_bindgen_wrpc::generate!({
        world: "inlay:interop/flow-caller",
        path: ["../../.built/wit/types.wit", "../../.built/wit/hello.wit", "../../.built/wit/interop.wit"],
        generate_all,
    });
}

mod server {
    wit_bindgen_wrpc::generate!({
        world: "inlay:interop/flow-server",
        path: ["../../.built/wit/types.wit", "../../.built/wit/hello.wit", "../../.built/wit/interop.wit"],
        generate_all,
    });
}

type Chunks = Pin<Box<dyn Stream<Item = Bytes> + Send>>;
type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Several megabytes in chunks that fit into no message evenly.
const CHUNKS: usize = 100;
const CHUNK: usize = 40_009;

/// The byte at `i` of everything that flows here is `i mod 251`.
fn pattern(from: usize, length: usize) -> Bytes {
    (from..from + length).map(|i| (i % 251) as u8).collect()
}

fn chunks() -> Chunks {
    Box::pin(stream::iter((0..CHUNKS).map(|i| pattern(i * CHUNK, CHUNK))))
}

/// Reads `data` beside the task that writes the parameters, as a caller must. Says how much came, and whether all of
/// it was right.
async fn read(
    mut data: Chunks,
    io: Option<impl Future<Output = anyhow::Result<()>>>,
) -> anyhow::Result<(usize, bool)> {
    let reading = async {
        let mut all = BytesMut::new();
        while let Some(chunk) = data.next().await {
            all.extend_from_slice(&chunk);
        }
        anyhow::Ok((all.len(), all == pattern(0, all.len())))
    };
    Ok(futures::try_join!(reading, finish(io))?.0)
}

async fn finish(io: Option<impl Future<Output = anyhow::Result<()>>>) -> anyhow::Result<()> {
    match io {
        Some(io) => io.await.context("parameters or results broke off"),
        None => Ok(()),
    }
}

pub async fn call(wrpc: &wrpc_transport_nats::Client) -> anyhow::Result<()> {
    check("through", (CHUNKS * CHUNK, true), async {
        let (data, io) = flows::through(wrpc, None, chunks()).await?;
        read(data, io).await
    })
    .await;
    check("through, nothing", (0, true), async {
        let (data, io) = flows::through(wrpc, None, Box::pin(stream::empty())).await?;
        read(data, io).await
    })
    .await;
    check("count", (CHUNKS * CHUNK) as u64, async {
        let (count, io) = flows::count(wrpc, None, chunks()).await?;
        finish(io).await?;
        Ok(count)
    })
    .await;
    check("pour", (3_000_001, true), async {
        let (data, io) = flows::pour(wrpc, None, 3_000_001).await?;
        read(data, io).await
    })
    .await;
    check("sums", vec![6, 0, u64::from(u32::MAX) + 1], async {
        let numbers = [vec![1, 2, 3], vec![0], vec![u32::MAX, 1]];
        let (mut sums, io) = flows::sums(wrpc, None, Box::pin(stream::iter(numbers))).await?;
        let reading = async {
            let mut all = Vec::new();
            while let Some(chunk) = sums.next().await {
                all.extend(chunk);
            }
            anyhow::Ok(all)
        };
        Ok(futures::try_join!(reading, finish(io))?.0)
    })
    .await;
    check("later", "ababab", async {
        let (text, io) = flows::later(wrpc, None, "ab", 3).await?;
        let reading = async { anyhow::Ok(text.await) };
        Ok(futures::try_join!(reading, finish(io))?.0)
    })
    .await;
    check("wait-for", "at last", async {
        let (text, io) = flows::wait_for(wrpc, None, Box::pin(async { "at last".into() })).await?;
        finish(io).await?;
        Ok(text)
    })
    .await;
    check("mix", ((CHUNKS * CHUNK, true), 42), async {
        let last: Later<u32> = Box::pin(async { 6 });
        let ((data, last), io) = flows::mix(wrpc, None, chunks(), 7, last).await?;
        let both = async { anyhow::Ok(futures::join!(read(data, io), last)) };
        let (all, last) = both.await?;
        Ok((all?, last))
    })
    .await;
    Ok(())
}

#[derive(Clone, Copy)]
struct Server;

type Headers = Option<async_nats::HeaderMap>;

impl server::exports::inlay::interop::flows::Handler<Headers> for Server {
    async fn through(&self, _: Headers, data: Chunks) -> anyhow::Result<Chunks> {
        Ok(data)
    }

    async fn count(&self, _: Headers, mut data: Chunks) -> anyhow::Result<u64> {
        let mut count = 0;
        while let Some(chunk) = data.next().await {
            count += chunk.len() as u64;
        }
        Ok(count)
    }

    async fn pour(&self, _: Headers, size: u64) -> anyhow::Result<Chunks> {
        let size = usize::try_from(size)?;
        let starts = (0..size).step_by(CHUNK);
        Ok(Box::pin(stream::iter(starts.map(move |from| {
            pattern(from, CHUNK.min(size - from))
        }))))
    }

    async fn sums(
        &self,
        _: Headers,
        numbers: Pin<Box<dyn Stream<Item = Vec<u32>> + Send>>,
    ) -> anyhow::Result<Pin<Box<dyn Stream<Item = Vec<u64>> + Send>>> {
        Ok(Box::pin(numbers.map(|chunk| {
            vec![chunk.into_iter().map(u64::from).sum()]
        })))
    }

    async fn later(&self, _: Headers, text: String, times: u32) -> anyhow::Result<Later<String>> {
        Ok(Box::pin(async move { text.repeat(times as usize) }))
    }

    async fn wait_for(&self, _: Headers, text: Later<String>) -> anyhow::Result<String> {
        Ok(text.await)
    }

    async fn mix(
        &self,
        _: Headers,
        data: Chunks,
        factor: u32,
        last: Later<u32>,
    ) -> anyhow::Result<(Chunks, Later<u32>)> {
        Ok((data, Box::pin(async move { last.await * factor })))
    }
}

pub async fn serve(
    nats: &async_nats::Client,
    wrpc: &wrpc_transport_nats::Client,
) -> anyhow::Result<()> {
    crate::serving::serve(nats, server::serve(wrpc, Server).await?).await
}
