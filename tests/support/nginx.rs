//! A real nginx in front of Zammad, as its installation has one.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::running::until;
use crate::support::servers::url;

/// It ends with the test.
pub struct Nginx {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// One that only passes on.
    pub fn before(zammad: SocketAddr) -> Self {
        Self::with(zammad, "", "")
    }

    /// The same with more in its `location`, and behind it.
    pub fn with(zammad: SocketAddr, in_location: &str, behind: &str) -> Self {
        // Somebody else may take the port before nginx does; then it ends, and the next one is tried.
        (0..10).find_map(|_| Self::try_with(zammad, in_location, behind)).expect("nginx starts")
    }

    fn try_with(zammad: SocketAddr, in_location: &str, behind: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        // As Zammad's contrib/nginx/zammad.conf has it: an upstream of one server.
        let config = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log;
             events {{ worker_connections 256; }}
             http {{
                 access_log off; default_type text/html;
                 client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                 uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                 upstream zammad-railsserver {{ server {zammad}; }}
                 server {{
                     listen {address};
                     location / {{
                         proxy_set_header Host $http_host;
                         proxy_pass http://zammad-railsserver;
                         {in_location}
                     }}
                     {behind}
                 }}
             }}"
        );
        std::fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(folder.path()).args(["-e", "error.log", "-c", "nginx.conf"]);
        let process = nginx.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut nginx = Self { process: process.expect("nginx is installed"), address, _folder: folder };
        let mut ended = false;
        until("nginx", || {
            ended = nginx.process.try_wait().unwrap().is_some();
            ended || TcpStream::connect(address).is_ok()
        });
        (!ended).then_some(nginx)
    }

    pub fn url(&self) -> String {
        url(self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill().and(self.process.wait());
    }
}
