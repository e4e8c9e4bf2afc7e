//! What is driven over HTTP. Each operation of the crowd has a contract of its own, so that nothing is refused.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::client::{Client, Fault, text};
use super::measure::{ProcessorTime, Timing, measure};
use super::seed::World;

/// Keys never repeat within a run.
static KEYS: AtomicU64 = AtomicU64::new(0);

fn key() -> String {
    format!("load-{}", KEYS.fetch_add(1, Ordering::Relaxed))
}

/// Drives every operation: `reads` times those that change nothing, `commands` times those that do, alone and as a crowd.
pub fn all(
    world: &World,
    address: SocketAddr,
    (reads, commands): (usize, usize),
    used: ProcessorTime<'_>,
) -> Result<Vec<Timing>, Fault> {
    let worker = || Client::connect(address, &world.token);
    let path = |number: usize| format!("/v1/subscriptions/{}", world.contracts[number % world.contracts.len()]);
    let get = |client: &mut Client, path: &str| client.json("GET", path, None, &Value::Null).map(drop);
    let mut told = Vec::new();
    told.push(measure("read one", reads, used, worker, |client, number| {
        get(client, &path(number))
    })?);
    told.push(measure("list", reads, used, worker, |client, number| {
        let customer = &world.customers[number % world.customers.len()];
        get(client, &format!("/v1/subscriptions?customer_id={customer}"))
    })?);
    let upgrade = json!({ "plan": "crm_yearly" });
    told.push(measure("preview", reads, used, worker, |client, number| {
        let path = format!("{}/plan-changes/preview", path(number));
        client.json("POST", &path, None, &upgrade).map(drop)
    })?);
    told.push(measure("conclude", commands, used, worker, |client, number| {
        conclude(client, world, number).map(drop)
    })?);
    let withdraw: Vec<String> = {
        let mut client = worker()?;
        (0..commands * 2)
            .map(|number| conclude(&mut client, world, number))
            .collect::<Result<_, _>>()?
    };
    let command = |name: &str, place: usize, action: &str, body: Value| {
        measure(name, commands, used, worker, |client, number| {
            let path = format!("{}/{action}", path(place * commands * 2 + number));
            client.json("POST", &path, Some(&key()), &body).map(drop)
        })
    };
    let consents = &world.consents;
    told.push(command(
        "plan change",
        0,
        "plan-changes",
        json!({ "plan": "crm_yearly", "consents": consents }),
    )?);
    told.push(command(
        "add-on",
        1,
        "add-ons",
        json!({ "add_on": "extra_users", "quantity": 2, "consents": consents }),
    )?);
    told.push(command("cancel", 2, "cancellations", json!({}))?);
    told.push(measure("withdraw", commands, used, worker, |client, number| {
        let path = format!("/v1/subscriptions/{}/withdrawals", withdraw[number]);
        client.json("POST", &path, Some(&key()), &json!({})).map(drop)
    })?);
    told.push(measure(
        "mix, 80 % reads",
        reads,
        used,
        worker,
        |client, number| match number % 10 {
            0 => conclude(client, world, number).map(drop),
            1 => {
                let customer = &world.customers[number % world.customers.len()];
                let order = json!({ "customer_id": customer, "plan": "crm_monthly" });
                client.json("POST", "/v1/subscriptions/preview", None, &order).map(drop)
            }
            _ => get(client, &path(number)),
        },
    )?);
    Ok(told)
}

fn conclude(client: &mut Client, world: &World, number: usize) -> Result<String, Fault> {
    let customer = &world.customers[number % world.customers.len()];
    let order = json!({ "customer_id": customer, "plan": "crm_monthly", "consents": world.consents });
    let contract = client.json("POST", "/v1/subscriptions", Some(&key()), &order)?;
    text(&contract["id"])
}
