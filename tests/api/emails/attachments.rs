//! What goes with a mail arrives byte by byte, whatever mail servers do to text on the way.

use serde_json::json;
use vertragswerk::domain::digest::sha256;

use super::delivery::{PROVIDER, deliver};
use crate::evidence::publish;
use crate::helpers::mail::MailServer;
use crate::helpers::{TestApp, over_http};

over_http!(a_plain_document_arrives_as_its_hash_says);

async fn a_plain_document_arrives_as_its_hash_says(app: TestApp<'_>) {
    let terms = "1. Plain terms\n.\n..two dots\n\n2. The end\n";
    publish(&app, |document| {
        if document["key"] == "terms" {
            document["version"] = json!("2026-03");
            document["text"] = json!(terms);
        }
    });
    let server = MailServer::plain();
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let agreed = json!([
        { "document": "terms", "version": "2026-03", "accepted": true },
        { "document": "dpa", "version": "2020-01", "accepted": true },
    ]);
    let order = json!({ "plan": "basis", "quantity": 1, "consents": agreed });
    customer.post("/v1/subscriptions", order).await.expect(201);
    deliver(&server.sender(&app.state)).await;
    let mail = server.accepted().remove(0);
    let attached = |mime: &crate::helpers::mime::Mime| mime.header("content-disposition").contains("terms-2026-03");
    let parts = mail.mime.leaves("text/plain");
    let attachment = parts.iter().find(|part| attached(part)).expect("the terms go with it");
    assert_eq!(String::from_utf8_lossy(&attachment.body), terms);
    assert!(mail.mime.text().contains(&sha256(&attachment.body)), "the hash is told");
    for part in parts
        .iter()
        .filter(|part| !part.header("content-disposition").is_empty())
    {
        assert_eq!(part.header("content-transfer-encoding"), "base64");
    }
    let alone = mail.raw.replace("\r\n", "");
    assert!(
        !alone.contains(['\n', '\r']),
        "RFC 5321 section 2.3.8: lines end in CR LF only"
    );
}
