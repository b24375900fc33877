//! Signed requests over REST.

use actix_web::HttpRequest;
use actix_web::web::{Bytes, Data, ServiceConfig};

use super::endpoints::ENDPOINTS;
use crate::shared::Shared;
use crate::signed::rest::serve;

pub(crate) fn routes(config: &mut ServiceConfig) {
    for endpoint in &ENDPOINTS {
        let handle = move |request: HttpRequest, body: Bytes, shared: Data<Shared>| async move {
            serve((&request, &body), &shared, endpoint.weight, |asker, pairs, counted_ms| {
                shared.books().answer(endpoint, asker, pairs, &shared.history, counted_ms)
            })
        };
        config.route(endpoint.path, endpoint.method.route().to(handle));
    }
}
