using Lethe.Capture;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Turns;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>An answer that its vendor keeps under an id.</summary>
/// <param name="Session">The session of the call that it answered.</param>
/// <param name="IsAwaited">True when its end has not been heard yet.</param>
internal readonly record struct KeptResponse(long Session, bool IsAwaited);

/// <summary>
/// The answers that the Responses API keeps (https://platform.openai.com/docs/guides/conversation-state): a call that continues one belongs to
/// its session, though it repeats nothing of it, and one that is asked for again is counted once. Takes part in the caller's transaction.
/// </summary>
internal sealed class ResponseBook : IDisposable
{
    private const int RecentMax = 4096;

    private readonly RecentMap<(long Org, string Id), KeptResponse> recent = new(RecentMax);
    private readonly Statement find;
    private readonly Statement put;

    public ResponseBook(sqlite3 database)
    {
        find = new Statement(database, "SELECT session, awaited FROM responses WHERE org = ? AND response_id = ?");
        put = new Statement(
            database,
            "INSERT INTO responses (org, response_id, session, awaited) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET awaited = min(awaited, excluded.awaited)");
    }

    /// <summary>The kept answer that a call continues or asks for; null when it names none, or none that is known.</summary>
    public KeptResponse? Named(long org, Turn? turn)
    {
        var named = turn is { AsksForResponse: true } ? turn.ResponseId : turn?.PreviousResponseId;
        return named is { Length: > 0 } ? Find(org, named) : null;
    }

    /// <summary>
    /// The exchange in the light of the answer that it names. An awaited answer that is whole now is the turn. One that was heard before says
    /// nothing new of tokens and money.
    /// </summary>
    public static InterpretedExchange Told(InterpretedExchange told, KeptResponse? named)
    {
        if (told.Turn is { AsksForResponse: true } asked)
        {
            told = named is { IsAwaited: true } && asked.IsSettled
                ? told with { Turn = asked with { Operation = Operation.Chat } }
                : told with { Turn = asked with { Usage = null }, Cost = null };
        }

        return named is null || told.Envelope.IdOrigin != SessionIdOrigin.Synthetic ? told : told with { Envelope = Continuing(told) };
    }

    /// <summary>Remembers the answer to a call, and that an awaited one has come.</summary>
    public void Keep(long org, Turn? turn, long session)
    {
        if (turn is { Operation: Operation.Chat, ResponseId: { Length: > 0 } id } && (turn.MakesResponse || turn.AsksForResponse))
        {
            put.Bind(org).Bind(id).Bind(session).Bind(!turn.IsSettled).Run();
            recent.Remove((org, id));
        }
    }

    public void Age() => recent.Age();

    public void Forget() => recent.Clear();

    public void Dispose()
    {
        find.Dispose();
        put.Dispose();
    }

    private static SessionEnvelope Continuing(InterpretedExchange told) => told.Envelope with
    {
        Evidence = new Dictionary<string, string>(told.Envelope.Evidence)
        {
            ["harness_session_id"] = told.Turn is { AsksForResponse: true } ? "inference:response_id" : "body:previous_response_id",
        },
    };

    private KeptResponse? Find(long org, string id)
    {
        if (recent.TryGet((org, id), out var known))
        {
            return known;
        }

        find.Bind(org).Bind(id);
        try
        {
            return find.Step() ? recent[(org, id)] = new KeptResponse(find.Int64(0), find.Int64(1) != 0) : null;
        }
        finally
        {
            find.Reset();
        }
    }
}
