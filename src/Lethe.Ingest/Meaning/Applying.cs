using Lethe.Capture;
using Lethe.Capture.Harnesses;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// Everything that one exchange changes, in this order: session, parent, nodes, attempts, answers, counters, tool calls. Pure: what it needs of the
/// store is in the working set (<see cref="Foresight"/>), and what it changes is left there.
/// </summary>
internal static class Applying
{
    /// <summary>Applies an exchange; gives the session that it is counted in, if any.</summary>
    public static Guid? Apply(WorkingSet set, NewExchange exchange)
    {
        if (exchange.Correction is not null)
        {
            Corrections.Apply(set, exchange);
        }

        var (told, clock, attempt) = (exchange.Told, exchange.Clock, exchange.Attempt);
        var key = SessionOf(set, told);
        told = Delegations.Told(set, told, key);
        var own = Meet(set, told, key, clock);
        attempt.IsRepeat = Answers.Hear(set, told, clock);
        exchange.Told = told = BatchResults.Hear(set, Answers.Told(told, attempt.IsRepeat), clock, attempt);
        var firstNew = ChainMembers.FirstNew(set, exchange.Org, own, told.Chain, clock);
        if (told.Chain is { Nodes.Count: > 0 } said)
        {
            ChainMembers.Join(set, exchange.Org, own, said, clock, firstNew);
        }

        attempt.OwnSession = own?.Id;
        AttemptGroups.Place(set, set.Runs.GetValueOrDefault(clock), attempt);
        Blob(set, exchange.Org, told.Turn?.System);
        Blob(set, exchange.Org, told.Turn?.Tools);
        Answers.Continue(set, told, clock);
        set.NewExchanges.Add(exchange);
        set.Count(attempt);
        if (own is not null)
        {
            ToolCalls.Apply(own, told, clock, firstNew);
            Answers.Keep(set, told, own, clock);
            Delegations.Keep(set, told, own, clock);
        }

        return attempt.Session;
    }

    /// <summary>The session that an exchange itself belongs to; null when it says nothing of one.</summary>
    public static SessionKey? SessionOf(WorkingSet set, InterpretedExchange told) =>
        Answers.SessionOf(set, told)
        ?? (told.Envelope.HarnessSessionId is { Length: > 0 } ? Hosts.SessionOf(set, told) : null);

    /// <summary>The parent that an exchange names; null when it names none, or is of a session that others began.</summary>
    public static ClaimedKey? ClaimOf(InterpretedExchange told, SessionKey session) =>
        told.Envelope.ParentHarnessSessionId is { Length: > 0 } parent && IsItsOwn(told, session)
            ? new ClaimedKey(told.Envelope.ParentHarnessId ?? "", parent)
            : null;

    // Begun, promoted or known; with what the exchange says about it, and its parent.
    private static SessionState? Meet(WorkingSet set, InterpretedExchange told, SessionKey? named, CaptureClock clock)
    {
        if (named is not { } key)
        {
            return null;
        }

        var session = set.Find(key);
        if (session is not { IsPlaceholder: false })
        {
            session ??= set.Begin(key, isPlaceholder: false);
            session.IsPlaceholder = false;
            set.Touch(session);
            ParentLinks.Reconsider(set, session.Key);
        }

        if (IsItsOwn(told, key))
        {
            session.Facts.Tell(SessionFacts.IdOrigin, StoredWord.Of(told.Envelope.IdOrigin), clock);
            session.Facts.Tell(SessionFacts.ForkedFrom, told.Envelope.ForkedFromHarnessSessionId, clock);
        }

        Describe(session.Facts, told, clock);
        if (told.Envelope.Host is { } host && key == session.Key && session.Facts[SessionFacts.Host] is null)
        {
            session.Facts.Tell(SessionFacts.Host, host, clock);
        }

        if (ClaimOf(told, key) is { } claim)
        {
            ParentLinks.Claim(set, session, claim, clock);
        }

        return session;
    }

    // A session that is found by an answer was named by another exchange, or by none.
    private static bool IsItsOwn(InterpretedExchange told, SessionKey session) =>
        (session.HarnessSessionId == told.Envelope.HarnessSessionId || told.Envelope.Host is not null) && session.HarnessId == told.Envelope.HarnessId
        && (told.Envelope.IdOrigin != SessionIdOrigin.Synthetic || Answers.Continued(told) is null);

    private static void Describe(SessionFacts facts, InterpretedExchange told, CaptureClock clock)
    {
        var envelope = told.Envelope;
        facts.Tell(SessionFacts.HarnessVersion, envelope.HarnessVersion, clock);
        facts.Tell(SessionFacts.UserAgent, envelope.UserAgent, clock);
        Action<string, string?, CaptureClock> tell = envelope.KeepsFirst ? (field, value, _) => facts.TellFirst(field, value, Hosts.ClockOf(told, clock)) : facts.Tell;
        tell(SessionFacts.Name, envelope.Name, clock);
        tell(SessionFacts.Cwd, envelope.Cwd, clock);
        SessionFacts.EachOfMetadata(envelope.MetadataJson, (field, value) => tell(field, value, clock));
        if (envelope.StartedAt is { } began)
        {
            facts.TellLeast(SessionFacts.StartedAt, $"\"{began.UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffff}Z\"", clock);
        }

        facts.TellFirst(SessionFacts.AuthSubject, told.Exchange.AuthSubject, clock);
    }

    private static void Blob(WorkingSet set, string org, byte[]? content)
    {
        if (content is not null)
        {
            set.Blobs.TryAdd((org, BlobHash.Of(content)), content);
        }
    }
}
