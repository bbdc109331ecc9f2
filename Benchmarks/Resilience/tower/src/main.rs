// The nearest composition of tower: rate limit, concurrency limit, retry around an async no-op, and the same with a
// timeout. tower has no circuit breaker. CPU time of the process for one operation, median of nine rounds.
use std::future::{ready, Ready};
use std::time::Duration;
use tower::retry::Policy;
use tower::{service_fn, Service, ServiceBuilder, ServiceExt};

#[derive(Clone)]
struct Never;

impl Policy<(), (), tower::BoxError> for Never {
    type Future = Ready<Self>;
    fn retry(&self, _: &(), result: Result<&(), &tower::BoxError>) -> Option<Self::Future> {
        result.err().map(|_| ready(Never))
    }
    fn clone_request(&self, request: &()) -> Option<()> {
        Some(*request)
    }
}

fn cpu_ns() -> u64 {
    // utime and stime of /proc are too coarse; the scheduler's account of this thread is in nanoseconds.
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

const TIMES: u64 = 100_000;

async fn measure<S>(service: &mut S) -> u64
where
    S: Service<(), Response = ()>,
    S::Error: std::fmt::Debug,
{
    let start = cpu_ns();
    for _ in 0..TIMES {
        service.ready().await.unwrap().call(()).await.unwrap();
    }
    (cpu_ns() - start) / TIMES
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort();
    values[values.len() / 2]
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let body = || service_fn(|_: ()| async { Ok::<(), tower::BoxError>(()) });
        let mut three = ServiceBuilder::new()
            .rate_limit(1_000_000_000, Duration::from_secs(1))
            .concurrency_limit(64)
            .retry(Never)
            .service(body());
        let mut timed = ServiceBuilder::new()
            .rate_limit(1_000_000_000, Duration::from_secs(1))
            .concurrency_limit(64)
            .retry(Never)
            .timeout(Duration::from_secs(3))
            .service(body());
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..9 {
            a.push(measure(&mut three).await);
            b.push(measure(&mut timed).await);
        }
        println!("tower three_layers_ns={} with_timeout_ns={}", median(a), median(b));
    });
}
