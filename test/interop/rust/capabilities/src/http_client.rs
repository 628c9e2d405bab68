//! `wrpc:http/outgoing-handler` by the connections and error codes of `wasmcloud-core`, which wasmCloud's own client uses.

use core::convert::Infallible;
use core::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures::StreamExt as _;
use http::{Request, Response, Uri};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, StreamBody};
use tokio::time::timeout;
use wasmcloud_core::http_client::{
    hyper_request_error, ConnPool, DEFAULT_CONNECT_TIMEOUT, DEFAULT_FIRST_BYTE_TIMEOUT,
};
use wasmcloud_provider_sdk::provider::{InvocationStreams, WrpcClient};
use wasmcloud_provider_sdk::{Context, Provider};
use wrpc_interface_http::bindings::exports::wrpc::http::outgoing_handler;
use wrpc_interface_http::bindings::wasi::http::types::ErrorCode;
use wrpc_interface_http::bindings::wrpc::http::types::RequestOptions;
use wrpc_interface_http::{
    split_outgoing_http_body, try_fields_to_header_map, HttpBody, ServeHttp,
    ServeOutgoingHandlerHttp,
};

#[derive(Clone, Default)]
pub struct HttpClient {
    /// A connection ends when nobody has it any more: those that were used rest here.
    connections: ConnPool<HttpBody>,
}

impl Provider for HttpClient {}

pub async fn serve(
    client: &WrpcClient,
    provider: ServeHttp<HttpClient>,
) -> anyhow::Result<InvocationStreams> {
    let [(instance, name, calls)] = outgoing_handler::serve_interface(client, provider).await?;
    Ok(vec![(instance, name, Box::pin(calls))])
}

impl HttpClient {
    async fn send(
        &self,
        mut request: Request<HttpBody>,
        options: Option<RequestOptions>,
    ) -> Result<Response<impl Body<Data = Bytes, Error = Infallible> + Send + 'static>, ErrorCode> {
        let limit = |given: Option<u64>, default| given.map_or(default, Duration::from_nanos);
        let connecting = options.as_ref().and_then(|options| options.connect_timeout);
        let answering = options.as_ref().and_then(|options| options.first_byte_timeout);
        let authority = request.uri().authority().ok_or(ErrorCode::HttpRequestUriInvalid)?;
        let authority = authority.to_string();
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() =
            path.parse::<Uri>().map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
        let header = authority.parse().map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
        request.headers_mut().entry(http::header::HOST).or_insert(header);

        let connecting = limit(connecting, DEFAULT_CONNECT_TIMEOUT);
        let mut sender = timeout(connecting, self.connections.connect_http(&authority))
            .await
            .map_err(|_| ErrorCode::ConnectionTimeout)??
            .unwrap();
        let answering = limit(answering, DEFAULT_FIRST_BYTE_TIMEOUT);
        let response = timeout(answering, sender.send_request(request))
            .await
            .map_err(|_| ErrorCode::ConnectionReadTimeout)?
            .map_err(hyper_request_error)?;

        let mut resting = self.connections.http.write().await;
        if let Ok(those) = resting.entry(authority.into()).or_default().get_mut() {
            those.push_back(sender);
        }
        Ok(response.map(|body| {
            let (data, trailers, errors) = split_outgoing_http_body(body);
            tokio::spawn(errors.for_each(|error| async move { eprintln!("a body: {error}") }));
            StreamBody::new(data.map(Frame::data).map(Ok)).with_trailers(async {
                trailers.await.and_then(|fields| try_fields_to_header_map(fields).ok()).map(Ok)
            })
        }))
    }
}

impl ServeOutgoingHandlerHttp<Option<Context>> for HttpClient {
    async fn handle(
        &self,
        cx: Option<Context>,
        request: Request<HttpBody>,
        options: Option<RequestOptions>,
    ) -> anyhow::Result<
        Result<Response<impl Body<Data = Bytes, Error = Infallible> + Send + 'static>, ErrorCode>,
    > {
        cx.context("a call without headers")?;
        Ok(self.send(request, options).await)
    }
}
