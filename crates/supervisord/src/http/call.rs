//! `/RPC2`: one XML document in, one out.

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use supervisor_rpc::xml::{self, Limits, XmlError};

use super::activity::Phase;
use super::connection::Visit;
use super::reply::{Reply, document, error};
use super::upload::CALL;
use crate::log;
use crate::repr;
use crate::rpc::{Answer, Writer};

/// How much of a document that cannot be read is logged. The original logs all of it.
const EXCERPT: usize = 1000;

pub(crate) async fn answer(visit: &Visit, request: Request<Incoming>) -> Reply {
    if request.method() != Method::POST {
        return error(StatusCode::BAD_REQUEST);
    }
    let common = &visit.site.common;
    visit.enter(Phase::Body);
    let upload = match common.uploads.read(request, CALL).await {
        Ok(upload) => upload,
        Err(status) => return error(status),
    };
    visit.enter(Phase::Answering);
    visit.activity.carries(upload.bytes.len());
    let call = match xml::read_request(&upload.bytes, Limits::REQUEST) {
        Ok(call) => call,
        Err(why) => {
            complain(&upload.bytes, &why);
            return error(StatusCode::BAD_REQUEST);
        }
    };
    // The answer may take long; what it is made of is no longer needed.
    drop(upload);
    log::trace!("XML-RPC method called: {:.100}()", call.method);
    let (namespaces, handle) = (&common.context.namespaces, &common.handle);
    let write = Writer(Box::new(xml::write_processes));
    let Ok(answer) = namespaces.call(handle, &call.method, call.params, write).await else {
        return error(StatusCode::SERVICE_UNAVAILABLE);
    };
    let written = match answer {
        Answer::Value(value) => xml::write_response(&value),
        Answer::Written(document) => document,
        Answer::Fault(fault) => {
            log::trace!(
                "XML-RPC method {:.100}() returned fault: [{}] {}",
                call.method,
                fault.code,
                fault.text
            );
            return document("text/xml", xml::write_fault(&fault));
        }
        Answer::Path(_) => return error(StatusCode::SERVICE_UNAVAILABLE),
    };
    log::trace!("XML-RPC method {:.100}() returned successfully", call.method);
    document("text/xml", written)
}

fn complain(bytes: &[u8], why: &XmlError) {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(EXCERPT)]);
    let what = match why {
        XmlError::NoMethodName => "no method name",
        _ => "unmarshallable",
    };
    log::error!("XML-RPC request data {} is invalid: {what}", repr::text(&text));
}
