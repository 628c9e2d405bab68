//! The contract `wasmcloud:keyvalue` as far as actors here use it; the rest is not implemented, and says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use wasmbus_rpc::common::Context;
use wasmbus_rpc::error::{RpcError, RpcResult};
use wasmbus_rpc::provider::prelude::async_trait;
use wasmcloud_interface_keyvalue::{
    GetResponse, IncrementRequest, KeyValue, KeyValueReceiver, ListAddRequest, ListDelRequest,
    ListRangeRequest, SetAddRequest, SetDelRequest, SetRequest, StringList,
};

use crate::Peer;

/// By actor, so that each sees what is its own.
pub type Store = Arc<Mutex<HashMap<(String, String), String>>>;

impl KeyValueReceiver for Peer {}

impl Peer {
    fn values(&self) -> MutexGuard<'_, HashMap<(String, String), String>> {
        self.store.lock().expect("nobody panics with it")
    }
}

fn own(ctx: &Context, key: impl ToString) -> (String, String) {
    (ctx.actor.clone().unwrap_or_default(), key.to_string())
}

#[async_trait]
impl KeyValue for Peer {
    async fn increment(&self, ctx: &Context, arg: &IncrementRequest) -> RpcResult<i32> {
        let mut values = self.values();
        let value = values.entry(own(ctx, &arg.key)).or_insert_with(|| "0".into());
        let number: i32 = value
            .parse()
            .map_err(|_| RpcError::InvalidParameter(format!("{} is no number", arg.key)))?;
        *value = (number + arg.value).to_string();
        Ok(number + arg.value)
    }

    async fn contains<T: ToString + ?Sized + Sync>(&self, ctx: &Context, key: &T) -> RpcResult<bool> {
        Ok(self.values().contains_key(&own(ctx, key.to_string())))
    }

    async fn del<T: ToString + ?Sized + Sync>(&self, ctx: &Context, key: &T) -> RpcResult<bool> {
        Ok(self.values().remove(&own(ctx, key.to_string())).is_some())
    }

    async fn get<T: ToString + ?Sized + Sync>(&self, ctx: &Context, key: &T) -> RpcResult<GetResponse> {
        let found = self.values().get(&own(ctx, key.to_string())).cloned();
        Ok(GetResponse { exists: found.is_some(), value: found.unwrap_or_default() })
    }

    async fn set(&self, ctx: &Context, arg: &SetRequest) -> RpcResult<()> {
        self.values().insert(own(ctx, &arg.key), arg.value.clone());
        Ok(())
    }

    async fn list_add(&self, _: &Context, _: &ListAddRequest) -> RpcResult<u32> {
        Err(RpcError::NotImplemented)
    }

    async fn list_clear<T: ToString + ?Sized + Sync>(&self, _: &Context, _: &T) -> RpcResult<bool> {
        Err(RpcError::NotImplemented)
    }

    async fn list_del(&self, _: &Context, _: &ListDelRequest) -> RpcResult<bool> {
        Err(RpcError::NotImplemented)
    }

    async fn list_range(&self, _: &Context, _: &ListRangeRequest) -> RpcResult<StringList> {
        Err(RpcError::NotImplemented)
    }

    async fn set_add(&self, _: &Context, _: &SetAddRequest) -> RpcResult<u32> {
        Err(RpcError::NotImplemented)
    }

    async fn set_del(&self, _: &Context, _: &SetDelRequest) -> RpcResult<u32> {
        Err(RpcError::NotImplemented)
    }

    async fn set_intersection(&self, _: &Context, _: &StringList) -> RpcResult<StringList> {
        Err(RpcError::NotImplemented)
    }

    async fn set_query<T: ToString + ?Sized + Sync>(&self, _: &Context, _: &T) -> RpcResult<StringList> {
        Err(RpcError::NotImplemented)
    }

    async fn set_union(&self, _: &Context, _: &StringList) -> RpcResult<StringList> {
        Err(RpcError::NotImplemented)
    }

    async fn set_clear<T: ToString + ?Sized + Sync>(&self, _: &Context, _: &T) -> RpcResult<bool> {
        Err(RpcError::NotImplemented)
    }
}
