//! Optional parameters that a message went without.

use std::borrow::Cow;

/// An [optional](crate::extension::Optional) parameter that was left out, because the server does
/// not offer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    keyword: Cow<'static, str>,
    recipient: Option<usize>,
}

impl LeftOut {
    /// The keyword of the parameter, such as `NOTIFY`.
    pub fn keyword(&self) -> &str {
        &self.keyword
    }

    /// The recipient whose RCPT went without it, counted from 0 in the order of
    /// [`Receipt::recipients`](crate::Receipt::recipients); `None` where it was a parameter of MAIL.
    pub fn recipient(&self) -> Option<usize> {
        self.recipient
    }
}

/// The parameters that the commands of a message went without, in the order of the recipients after
/// those of MAIL.
// One pointer: it goes from the line to the receipt, and most messages go without none.
#[derive(Clone, Debug, Default)]
pub struct LeftOutList(Option<Box<LeftOuts>>);

// One that is alone, as most are, takes no second allocation.
#[derive(Clone, Debug)]
enum LeftOuts {
    One(LeftOut),
    Many(Vec<LeftOut>),
}

impl LeftOuts {
    fn as_slice(&self) -> &[LeftOut] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    fn as_mut_slice(&mut self) -> &mut [LeftOut] {
        match self {
            Self::One(one) => std::slice::from_mut(one),
            Self::Many(many) => many,
        }
    }
}

impl LeftOutList {
    pub(crate) fn as_slice(&self) -> &[LeftOut] {
        self.0.as_deref().map_or(&[], LeftOuts::as_slice)
    }

    /// Adds a parameter of the command that is being written.
    pub(crate) fn push(&mut self, keyword: Cow<'static, str>) {
        let new = LeftOut { keyword, recipient: None };
        match self.0.take().map(|own| *own) {
            None => self.0 = Some(Box::new(LeftOuts::One(new))),
            Some(own) => self.put(usize::MAX, own, LeftOuts::One(new)),
        }
    }

    /// Adds those of one command: of the RCPT of a recipient, or `None` where it was MAIL. A message
    /// that takes several transactions goes without the same in each.
    #[cold]
    pub(crate) fn add(&mut self, command: Self, recipient: Option<usize>) {
        let Some(mut command) = command.0 else {
            return;
        };
        for one in command.as_mut_slice() {
            one.recipient = recipient;
        }
        let Some(own) = &self.0 else {
            self.0 = Some(command);
            return;
        };
        let own = own.as_slice();
        let at = own.partition_point(|one| one.recipient < recipient);
        if own.get(at).is_none_or(|one| one.recipient != recipient)
            && let Some(own) = self.0.take()
        {
            self.put(at, *own, *command);
        }
    }

    /// Puts some in at this place, or at the end.
    fn put(&mut self, at: usize, own: LeftOuts, new: LeftOuts) {
        let into_vec = |some| match some {
            LeftOuts::One(one) => vec![one],
            LeftOuts::Many(many) => many,
        };
        let mut own = into_vec(own);
        let at = at.min(own.len());
        match new {
            LeftOuts::One(one) => own.insert(at, one),
            LeftOuts::Many(many) => drop(own.splice(at..at, many)),
        }
        self.0 = Some(Box::new(LeftOuts::Many(own)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(keywords: &[&'static str]) -> LeftOutList {
        let mut list = LeftOutList::default();
        for &keyword in keywords {
            list.push(keyword.into());
        }
        list
    }

    #[test]
    fn each_command_stands_in_a_list_once_and_in_order() {
        let mut list = LeftOutList::default();
        let commands: [(Option<usize>, &[&str]); 7] = [
            (Some(1), &["A"]),
            (None, &["M", "N"]),
            (Some(3), &["B", "C"]),
            (None, &["M", "N"]),
            (Some(1), &["A"]),
            (Some(2), &["D", "E"]),
            (Some(4), &[]),
        ];
        for (recipient, keywords) in commands {
            list.add(command(keywords), recipient);
        }
        let seen: Vec<_> =
            list.as_slice().iter().map(|one| (one.recipient(), one.keyword())).collect();
        let (none, one, two, three) = (None, Some(1), Some(2), Some(3));
        let expected = [
            (none, "M"),
            (none, "N"),
            (one, "A"),
            (two, "D"),
            (two, "E"),
            (three, "B"),
            (three, "C"),
        ];
        assert_eq!(seen, expected);
    }
}
