using Lethe.Capture;
using Lethe.Capture.Harnesses;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>
/// Everything that one exchange leaves in the store, in this order: session, parent, nodes, exchange with its attempts, tool calls,
/// counters. Takes part in the caller's transaction.
/// </summary>
internal sealed class ExchangeStore : IDisposable
{
    private readonly NamedRows names;
    private readonly SessionLedger sessions;
    private readonly ParentLinks parents;
    private readonly NodeTable nodes;
    private readonly NodeMembers members;
    private readonly AttemptGroups attempts;
    private readonly ExchangeTable exchanges;
    private readonly ToolCallTable tools;
    private readonly ResponseBook responses;

    public ExchangeStore(sqlite3 database)
    {
        names = new NamedRows(database);
        sessions = new SessionLedger(database);
        parents = new ParentLinks(database, sessions, names.OrgId);
        nodes = new NodeTable(database);
        members = new NodeMembers(database, nodes);
        attempts = new AttemptGroups(database, sessions);
        exchanges = new ExchangeTable(database);
        tools = new ToolCallTable(database);
        responses = new ResponseBook(database);
    }

    /// <summary>The organisation's row.</summary>
    public long Org(string orgId) => names.Org(orgId);

    /// <summary>The exchanges that are stored next: what they need of an index is met in the order of the index.</summary>
    public void Expect(IReadOnlyList<NewExchange> next)
    {
        attempts.Expect(next.Select(one => one.RetryKey).OfType<long>());
        nodes.Put(next.Where(one => one.Told.Chain is not null).Select(one => (one.Org, one.Told.Chain!)));
    }

    /// <summary>Stores one of those that were expected; gives the session that it is counted in, if any, and what it means beside those before it.</summary>
    public (SessionState? Session, InterpretedExchange Told) Store(in NewExchange exchange)
    {
        var (org, told, retryKey, bodyAt) = exchange;
        var clock = CaptureClock.Of(told.Exchange);
        var named = responses.Named(org, told.Turn);
        told = ResponseBook.Told(told, named);
        var own = Meet(org, told, named?.Session, clock);
        (long Root, long Leaf)? chain = told.Chain is { Nodes.Count: > 0 } said ? members.Join(org, own, said) : null;
        var attempt = new Attempt
        {
            Clock = clock,
            Outcome = told.Outcome,
            HasReply = told.IsTurn,
            OwnSession = own?.Key,
            Usage = told.Turn?.Usage,
            CostNanoUsd = told.Cost?.NanoUsd,
        };
        attempts.Place(retryKey, org, attempt);
        var places = new ExchangePlaces(
            org, names.RouteOf(told), names.CallerOf(told), chain?.Root, chain?.Leaf, names.Blob(org, told.Turn?.System), names.Blob(org, told.Turn?.Tools));
        exchanges.Insert(told, attempt, retryKey, places, bodyAt);
        if (own is not null)
        {
            responses.Keep(org, told.Turn, own.Key);
        }

        return (Count(own, attempt, told), told);
    }

    /// <summary>Writes what is kept back until the end of a transaction. Called before the commit.</summary>
    public void WriteBack()
    {
        members.WriteBack();
        sessions.Flush();
    }

    /// <summary>Forgets what was not asked for in a long time. Called between transactions only.</summary>
    public void Age()
    {
        names.Age();
        sessions.Age();
        nodes.Age();
        responses.Age();
    }

    /// <summary>Forgets everything: the transaction was rolled back, or another process has written.</summary>
    public void Forget()
    {
        names.Forget();
        sessions.Forget();
        nodes.Forget();
        members.Forget();
        responses.Forget();
    }

    public void Dispose()
    {
        IDisposable[] all = [responses, tools, exchanges, attempts, members, nodes, parents, sessions, names];
        foreach (var part in all)
        {
            part.Dispose();
        }
    }

    // The session that the exchange itself names: begun, promoted or known; with what the exchange says about it, and its parent.
    // Who names none may name an answer, and belongs where that was given.
    private SessionState? Meet(long org, InterpretedExchange told, long? answered, CaptureClock clock)
    {
        var envelope = told.Envelope;
        if (answered is { } known && envelope.IdOrigin == SessionIdOrigin.Synthetic)
        {
            var continued = sessions.Load(known);
            Describe(continued.Facts, told, clock);
            return continued;
        }

        if (envelope.HarnessSessionId is not { Length: > 0 } harnessSessionId)
        {
            return null;
        }

        var session = sessions.Find(org, envelope.HarnessId, harnessSessionId);
        if (session is not { IsPlaceholder: false })
        {
            if (session is null)
            {
                session = sessions.Begin(org, told.Exchange.OrgId, envelope.HarnessId, harnessSessionId, isPlaceholder: false);
            }
            else
            {
                sessions.Promote(session);
            }

            parents.BecameReal(session);
        }

        session.Facts.Tell(SessionFacts.IdOrigin, StoredWord.Of(envelope.IdOrigin), clock);
        Describe(session.Facts, told, clock);
        if (envelope.ParentHarnessSessionId is { Length: > 0 } parent)
        {
            parents.Claim(session, envelope.ParentHarnessId, parent, clock);
        }

        return session;
    }

    private static void Describe(SessionFacts facts, InterpretedExchange told, CaptureClock clock)
    {
        var envelope = told.Envelope;
        facts.Tell(SessionFacts.HarnessVersion, envelope.HarnessVersion, clock);
        facts.Tell(SessionFacts.UserAgent, envelope.UserAgent, clock);
        facts.Tell(SessionFacts.Name, envelope.Name, clock);
        facts.Tell(SessionFacts.Cwd, envelope.Cwd, clock);
        facts.TellMetadata(envelope.MetadataJson, clock);
        facts.TellFirst(SessionFacts.AuthSubject, told.Exchange.AuthSubject, clock);
    }

    private SessionState? Count(SessionState? own, Attempt attempt, InterpretedExchange told)
    {
        if (attempt.Session is not { } key)
        {
            return null;
        }

        var session = sessions.Load(key);
        session.Totals.Add(attempt.Tally);
        session.Widen(attempt.Clock.At);
        sessions.Touch(session);
        if (own is not null)
        {
            tools.Store(own, told, attempt.Clock);
        }

        return session;
    }
}
