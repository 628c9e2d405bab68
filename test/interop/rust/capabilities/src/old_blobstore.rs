//! `wrpc:blobstore@0.1.0`, in memory: what providers offered before streams told how they end.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use futures::{stream, Stream, StreamExt as _};
use wasmcloud_provider_sdk::provider::{InvocationStreams, WrpcClient};
use wasmcloud_provider_sdk::{Context, Provider};

use bindings::exports::wrpc::blobstore::blobstore::Handler;
use bindings::wrpc::blobstore::types::{ContainerMetadata, ObjectId, ObjectMetadata};

mod bindings {
    wit_bindgen_wrpc::generate!({
        world: "old-store",
        path: "../../.built/wit/blobstore.wit",
        generate_all,
    });
}

const CREATED: u64 = 1_700_000_000;
/// Fits into no message evenly.
const CHUNK: usize = 100_003;

type Containers = HashMap<String, BTreeMap<String, Bytes>>;
type Answer<T> = anyhow::Result<Result<T, String>>;

#[derive(Clone, Default)]
pub struct Store {
    containers: Arc<Mutex<Containers>>,
}

impl Provider for Store {}

pub async fn serve(client: &WrpcClient, store: Store) -> anyhow::Result<InvocationStreams> {
    bindings::serve(client, store).await
}

impl Store {
    /// What `act` does with all containers.
    fn all<T>(&self, act: impl FnOnce(&mut Containers) -> T) -> T {
        act(&mut self.containers.lock().expect("nobody panics with it"))
    }

    /// What `act` does with the container, if it is there.
    fn with<T>(
        &self,
        name: &str,
        act: impl FnOnce(&mut BTreeMap<String, Bytes>) -> T,
    ) -> Result<T, String> {
        self.all(|all| all.get_mut(name).map(act).ok_or(format!("there is no container {name}")))
    }

    fn object(&self, ObjectId { container, object }: &ObjectId) -> Result<Bytes, String> {
        self.with(container, |objects| objects.get(object).cloned())?
            .ok_or(format!("there is no object {object}"))
    }

    fn copy(&self, src: &ObjectId, dest: ObjectId) -> Result<(), String> {
        let data = self.object(src)?;
        self.with(&dest.container, |objects| objects.insert(dest.object, data)).map(drop)
    }
}

impl Handler<Option<Context>> for Store {
    async fn clear_container(&self, _: Option<Context>, name: String) -> Answer<()> {
        Ok(self.with(&name, BTreeMap::clear))
    }

    async fn container_exists(&self, cx: Option<Context>, name: String) -> Answer<bool> {
        cx.context("a call without headers")?;
        Ok(Ok(self.all(|all| all.contains_key(&name))))
    }

    async fn create_container(&self, _: Option<Context>, name: String) -> Answer<()> {
        self.all(|all| {
            all.entry(name).or_default();
        });
        Ok(Ok(()))
    }

    async fn delete_container(&self, _: Option<Context>, name: String) -> Answer<()> {
        self.all(|all| drop(all.remove(&name)));
        Ok(Ok(()))
    }

    async fn get_container_info(
        &self,
        _: Option<Context>,
        name: String,
    ) -> Answer<ContainerMetadata> {
        Ok(self.with(&name, |_| ContainerMetadata { created_at: CREATED }))
    }

    async fn list_container_objects(
        &self,
        _: Option<Context>,
        name: String,
        limit: Option<u64>,
        offset: Option<u64>,
    ) -> Answer<Pin<Box<dyn Stream<Item = Vec<String>> + Send>>> {
        let from = usize::try_from(offset.unwrap_or(0))?;
        let most = limit.map_or(Ok(usize::MAX), usize::try_from)?;
        Ok(self
            .with(&name, |objects| objects.keys().skip(from).take(most).cloned().collect::<Vec<_>>())
            .map(|names| Box::pin(stream::iter(names).chunks(2)) as _))
    }

    async fn copy_object(&self, _: Option<Context>, src: ObjectId, dest: ObjectId) -> Answer<()> {
        Ok(self.copy(&src, dest))
    }

    async fn move_object(&self, _: Option<Context>, src: ObjectId, dest: ObjectId) -> Answer<()> {
        Ok(self.copy(&src, dest).and_then(|()| {
            self.with(&src.container, |objects| drop(objects.remove(&src.object)))
        }))
    }

    async fn delete_object(&self, _: Option<Context>, id: ObjectId) -> Answer<()> {
        Ok(self.with(&id.container, |objects| drop(objects.remove(&id.object))))
    }

    async fn delete_objects(
        &self,
        _: Option<Context>,
        container: String,
        names: Vec<String>,
    ) -> Answer<()> {
        Ok(self.with(&container, |objects| objects.retain(|name, _| !names.contains(name))))
    }

    async fn has_object(&self, _: Option<Context>, id: ObjectId) -> Answer<bool> {
        Ok(self.with(&id.container, |objects| objects.contains_key(&id.object)))
    }

    async fn get_object_info(&self, _: Option<Context>, id: ObjectId) -> Answer<ObjectMetadata> {
        Ok(self
            .object(&id)
            .map(|data| ObjectMetadata { created_at: CREATED, size: data.len() as u64 }))
    }

    async fn get_container_data(
        &self,
        _: Option<Context>,
        id: ObjectId,
        start: u64,
        end: u64,
    ) -> Answer<Pin<Box<dyn Stream<Item = Bytes> + Send>>> {
        Ok(self.object(&id).map(|data| {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(data.len());
            let part = data.slice(place(start)..place(end).max(place(start)));
            let starts = (0..part.len()).step_by(CHUNK);
            let chunks: Vec<_> =
                starts.map(|at| part.slice(at..part.len().min(at + CHUNK))).collect();
            Box::pin(stream::iter(chunks)) as _
        }))
    }

    fn write_container_data(
        &self,
        _: Option<Context>,
        id: ObjectId,
        mut data: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    ) -> impl Future<Output = Answer<()>> + Send {
        let store = self.clone();
        async move {
            if let Err(problem) = store.with(&id.container, |_| ()) {
                return Ok(Err(problem));
            }
            let mut whole = BytesMut::new();
            while let Some(chunk) = data.next().await {
                whole.extend_from_slice(&chunk);
            }
            Ok(store.with(&id.container, |objects| drop(objects.insert(id.object, whole.freeze()))))
        }
    }
}
