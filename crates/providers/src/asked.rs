//! An answer that many want: one question at a time is under way, and the last answer is kept.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::{FutureExt, Shared, WeakShared};
use tokio::time::Instant;

/// The last answer to a question, and the question while it is under way.
pub(crate) struct Asked<T: Clone> {
    state: Mutex<State<T>>,
}

struct State<T: Clone> {
    last: Option<(Instant, T)>,
    under_way: Option<WeakShared<Question<T>>>,
}

/// It runs for as long as anyone waits for it, whoever asked first.
type Question<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Where the answer comes from.
enum Source<T: Clone> {
    Kept(T),
    UnderWay(Shared<Question<T>>),
}

impl<T: Clone> Default for Asked<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { last: None, under_way: None }) }
    }
}

impl<T: Clone + Send + Sync + 'static> Asked<T> {
    /// Returns the last answer if it `will_do`, by its age, else the one to the question that is under way.
    ///
    /// If there is none, `ask` is told the last answer and makes one.
    pub(crate) async fn get<F>(
        self: &Arc<Self>,
        will_do: impl FnOnce(Duration, &T) -> bool,
        ask: impl FnOnce(Option<T>) -> F,
    ) -> T
    where
        F: Future<Output = T> + Send + 'static,
    {
        match self.source(will_do, ask) {
            Source::Kept(answer) => answer,
            Source::UnderWay(question) => question.await,
        }
    }

    /// Decides in one step, so that no two callers begin to ask.
    fn source<F>(
        self: &Arc<Self>,
        will_do: impl FnOnce(Duration, &T) -> bool,
        ask: impl FnOnce(Option<T>) -> F,
    ) -> Source<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut state = self.state();
        if let Some((when, last)) = &state.last
            && will_do(when.elapsed(), last)
        {
            return Source::Kept(last.clone());
        }
        if let Some(question) = state.under_way.as_ref().and_then(WeakShared::upgrade) {
            return Source::UnderWay(question);
        }
        let question = ask(state.last.as_ref().map(|(_, last)| last.clone()));
        let asked = Arc::clone(self);
        let kept: Question<T> = Box::pin(async move {
            let answer = question.await;
            let mut state = asked.state();
            state.last = Some((Instant::now(), answer.clone()));
            state.under_way = None;
            answer
        });
        let shared = kept.shared();
        state.under_way = shared.downgrade();
        Source::UnderWay(shared)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::atomic::AtomicUsize, sync::atomic::Ordering};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Asks a question that takes a second, and answers how often it was asked.
    async fn count(asked: &Arc<Asked<usize>>, count: &Arc<AtomicUsize>) -> usize {
        let count = Arc::clone(count);
        let ask = |_| async move {
            let number = 1 + count.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(SECOND).await;
            number
        };
        asked.get(|age, _| age < 10 * SECOND, ask).await
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_as_long_as_it_will_do() {
        let (asked, calls) = (Arc::default(), Arc::default());
        assert_eq!(count(&asked, &calls).await, 1);
        tokio::time::advance(10 * SECOND - Duration::from_millis(1)).await;
        assert_eq!(count(&asked, &calls).await, 1);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(count(&asked, &calls).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_share_one_question() {
        let (asked, calls) = (Arc::default(), Arc::default());
        let began = Instant::now();
        let answers = futures_util::future::join_all((0..100).map(|_| count(&asked, &calls)));
        assert_eq!(answers.await, [1; 100]);
        assert_eq!(began.elapsed(), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_outlives_whoever_asked_it_first() {
        let (asked, calls) = (Arc::default(), Arc::default());
        let mut first = Box::pin(count(&asked, &calls));
        let mut second = Box::pin(count(&asked, &calls));
        let half = tokio::time::sleep(SECOND / 2);
        tokio::select! {
            biased;
            _ = &mut first => panic!("answered at once"),
            _ = &mut second => panic!("answered at once"),
            () = half => {}
        }
        drop(first);
        let began = Instant::now();
        assert_eq!(second.await, 1);
        assert_eq!(began.elapsed(), SECOND / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_nobody_waits_for_is_dropped_and_asked_anew() {
        let (asked, calls) = (Arc::<Asked<usize>>::default(), Arc::default());
        let hanging = asked.get(|_, _| false, |_| pending());
        assert!(tokio::time::timeout(SECOND, hanging).await.is_err());
        assert_eq!(Arc::strong_count(&asked), 1);
        assert_eq!(count(&asked, &calls).await, 1);
    }

    #[tokio::test]
    async fn the_question_knows_the_last_answer() {
        let asked = Arc::<Asked<Vec<u8>>>::default();
        for expected in [vec![0], vec![1, 0], vec![2, 1, 0]] {
            let ask = |last: Option<Vec<u8>>| async {
                let last = last.unwrap_or_default();
                [vec![last.len() as u8], last].concat()
            };
            assert_eq!(asked.get(|_, _| false, ask).await, expected);
        }
    }
}
