//! Gotify: one application that may send, and clients that may not.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::asking::{bearer, form_body, is_form, is_json, json};
use super::markdown::{GOTIFY, resolve};
use super::shown::{Domains, Shown};
use super::{Post, Reply, Request, Vendor};

/// A server with one application, `督办`.
#[derive(Debug)]
pub(crate) struct Gotify {
    token: String,
    clients: BTreeSet<String>,
    next: VecDeque<Reply>,
    posts: Vec<Post>,
}

impl Gotify {
    /// The token of the application; it begins with `A` at a real server.
    pub(crate) fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            clients: BTreeSet::new(),
            next: VecDeque::new(),
            posts: Vec::new(),
        }
    }

    /// The next call is answered by this and does nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.next.push_back(reply);
    }

    /// A token for reading, which may not send.
    pub(crate) fn with_client(mut self, token: &str) -> Self {
        self.clients.insert(token.to_owned());
        self
    }

    /// The answer to a call that failed, in Gotify's form.
    pub(crate) fn failure(status: u16, error: &str, description: &str) -> Reply {
        json(
            status,
            json!({"error": error, "errorCode": status, "errorDescription": description}),
        )
    }

    fn admit(&self, request: &Request) -> Result<(), Reply> {
        let named = request.query.get("token").filter(|token| !token.is_empty());
        let token = named
            .or_else(|| request.headers.get("x-gotify-key"))
            .cloned()
            .or_else(|| bearer(request))
            .unwrap_or_default();
        if self.clients.contains(&token) {
            let words = "you are not allowed to access this api";
            return Err(Self::failure(403, "Forbidden", words));
        }
        if token != self.token {
            let words = "you need to provide a valid access token or user credentials to access this api";
            return Err(Self::failure(401, "Unauthorized", words));
        }
        Ok(())
    }

    fn take(&mut self, request: &Request) -> Result<Value, Reply> {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/message") => {}
            ("GET", "/health") => return Ok(json!({"health": "green", "database": "green"})),
            ("GET", "/version") => return Ok(json!({"version": "2.6.3", "commit": "", "buildDate": ""})),
            _ => return Err(Self::failure(404, "Not Found", "page not found")),
        }
        self.admit(request)?;
        let body = read(request)?;
        let string = |name: &str| match body.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(value) => value.as_str().map(str::to_owned).ok_or_else(|| {
                let words =
                    format!("json: cannot unmarshal into Go struct field MessageExternal.{name} of type string");
                Self::failure(400, "Bad Request", &words)
            }),
        };
        let (message, mut title) = (string("message")?, string("title")?);
        if message.is_empty() {
            return Err(Self::failure(400, "Bad Request", "Field 'message' is required"));
        }
        let priority = body.get("priority").filter(|priority| !priority.is_null());
        if priority.is_some_and(|priority| !priority.is_i64()) {
            let words = "json: cannot unmarshal into Go struct field MessageExternal.priority of type int";
            return Err(Self::failure(400, "Bad Request", words));
        }
        let extras = body.get("extras").cloned().unwrap_or(Value::Null);
        if !extras.is_null() && !extras.is_object() {
            let words = "json: cannot unmarshal into Go struct field MessageExternal.extras";
            return Err(Self::failure(400, "Bad Request", words));
        }
        if title.trim().is_empty() {
            "督办".clone_into(&mut title);
        }
        self.show(request, &body, &title, &message, &extras);
        Ok(json!({
            "id": self.posts.len(), "appid": 1, "message": message, "title": title,
            "priority": priority.cloned().unwrap_or_else(|| json!(0)),
            "date": request.at.to_rfc3339(), "extras": extras,
        }))
    }

    fn show(&mut self, request: &Request, body: &Value, title: &str, message: &str, extras: &Value) {
        let kind = extras.pointer("/client::display/contentType").and_then(Value::as_str);
        let shown = if kind == Some("text/markdown") {
            resolve(message, &GOTIFY)
        } else {
            Shown::plain(message, Domains::Plain)
        };
        let mut links = shown.links;
        let click = extras
            .pointer("/client::notification/click/url")
            .and_then(Value::as_str);
        links.extend(click.map(str::to_owned));
        self.posts.push(Post {
            at: request.at,
            text: format!("{title}\n{}", shown.text),
            rings: Vec::new(),
            links,
            size: message.len(),
            raw: body.clone(),
        });
    }
}

impl Vendor for Gotify {
    fn reply(&mut self, request: &Request) -> Reply {
        if let Some(reply) = self.next.pop_front() {
            return reply;
        }
        match self.take(request) {
            Ok(value) => json(200, value),
            Err(reply) => reply,
        }
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }
}

/// JSON by its type; anything else is read as a form, which a body of JSON is not.
fn read(request: &Request) -> Result<Value, Reply> {
    if is_json(request) {
        let body: Result<Value, _> = serde_json::from_slice(&request.body);
        let body = body.map_err(|error| Gotify::failure(400, "Bad Request", &error.to_string()))?;
        if !body.is_object() {
            let words = "json: cannot unmarshal into Go value of type model.MessageExternal";
            return Err(Gotify::failure(400, "Bad Request", words));
        }
        return Ok(body);
    }
    if !is_form(request) {
        return Ok(json!({}));
    }
    let mut body = json!({});
    for (name, value) in form_body(request) {
        let number = value.parse::<i64>().ok().filter(|_| name == "priority");
        body[&name] = number.map_or_else(|| json!(value), |number| json!(number));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::super::asking::{asked, asked_bare, told};
    use super::*;

    fn server() -> Gotify {
        Gotify::new("AppToken.1").with_client("CliToken.1")
    }

    fn send(server: &mut Gotify, body: &Value) -> Reply {
        let mut request = asked("POST", "/message", body);
        request
            .headers
            .insert("x-gotify-key".to_owned(), "AppToken.1".to_owned());
        server.reply(&request)
    }

    #[test]
    fn a_message_shows_its_title_and_its_markdown() {
        let mut server = server();
        let body = json!({
            "title": "到期提醒", "message": "交周报 **18:00**", "priority": 5,
            "extras": {"client::display": {"contentType": "text/markdown"},
                "client::notification": {"click": {"url": "https://example.com/t/42"}}},
        });
        let reply = send(&mut server, &body);
        assert_eq!((reply.status, told(&reply)["id"].as_i64()), (200, Some(1)));
        assert_eq!(server.posts()[0].text, "到期提醒\n交周报 18:00");
        assert_eq!(server.posts()[0].links, ["https://example.com/t/42"]);
    }

    #[test]
    fn without_the_extra_a_message_is_plain() {
        let mut server = server();
        send(&mut server, &json!({"message": "**甲** <b>"}));
        assert_eq!(server.posts()[0].text, "督办\n**甲** <b>");
    }

    #[test]
    fn a_token_stands_in_three_places() {
        let mut server = server();
        let body = json!({"message": "甲"});
        let by_query = asked("POST", "/message?token=AppToken.1", &body);
        let mut by_bearer = asked("POST", "/message", &body);
        let bearer = "Bearer AppToken.1".to_owned();
        by_bearer.headers.insert("authorization".to_owned(), bearer);
        assert_eq!(server.reply(&by_query).status, 200);
        assert_eq!(server.reply(&by_bearer).status, 200);
        assert_eq!(send(&mut server, &body).status, 200);
        assert_eq!(server.reply(&asked("POST", "/message?token=wrong", &body)).status, 401);
        assert_eq!(server.reply(&asked("POST", "/message", &body)).status, 401);
    }

    #[test]
    fn a_token_of_a_client_is_forbidden() {
        let mut server = server();
        let reply = server.reply(&asked("POST", "/message?token=CliToken.1", &json!({"message": "甲"})));
        assert_eq!((reply.status, told(&reply)["error"].as_str()), (403, Some("Forbidden")));
    }

    #[test]
    fn a_message_is_required_and_types_are_checked() {
        let mut server = server();
        let reply = send(&mut server, &json!({"title": "甲"}));
        assert_eq!(told(&reply)["errorDescription"], "Field 'message' is required");
        for body in [
            json!({"message": 1}),
            json!({"message": "甲", "priority": "5"}),
            json!({"message": "甲", "extras": []}),
            json!([]),
        ] {
            assert_eq!(send(&mut server, &body).status, 400);
        }
        assert!(server.posts().is_empty());
    }

    #[test]
    fn a_body_without_its_type_is_not_read() {
        let mut server = server();
        let target = "/message?token=AppToken.1";
        assert_eq!(
            server.reply(&asked_bare("POST", target, br#"{"message":"a"}"#)).status,
            400
        );
        let mut form = asked_bare("POST", target, b"message=a+b&priority=5");
        let kind = "application/x-www-form-urlencoded".to_owned();
        form.headers.insert("content-type".to_owned(), kind);
        assert_eq!(server.reply(&form).status, 200);
    }

    #[test]
    fn a_wrong_path_is_not_found() {
        let mut server = server();
        assert_eq!(server.reply(&asked("POST", "/messages", &json!({}))).status, 404);
        assert_eq!(server.reply(&asked_bare("GET", "/health", b"")).status, 200);
    }

    #[test]
    fn an_answer_can_be_put_before() {
        let mut server = server();
        server.answer_next(Gotify::failure(500, "Internal Server Error", "database is locked"));
        assert_eq!(send(&mut server, &json!({"message": "甲"})).status, 500);
    }
}
