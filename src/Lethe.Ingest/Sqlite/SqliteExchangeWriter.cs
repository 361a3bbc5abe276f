using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lethe.Capture.Chains;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Writes nodes, members, blobs, exchanges, tool calls and answers. Takes part in the caller's transaction.</summary>
internal sealed class SqliteExchangeWriter : IDisposable
{
    private const string References = "exchange_id, org, own_session, session, route, caller, root, leaf, system, tools, body_journal";

    private static readonly int ReferenceCount = References.Split(", ").Length;

    private readonly SqliteNames names;
    private readonly SqliteChainRows chains;
    private readonly Prepared node;
    private readonly Prepared join;
    private readonly Prepared findBlob;
    private readonly Prepared addBlob;
    private readonly Prepared insert;
    private readonly Prepared move;
    private readonly Prepared repeat;
    private readonly Prepared ask;
    private readonly Prepared answer;
    private readonly Prepared putAnswer;
    private readonly Dictionary<(string Org, BlobHash Hash), long> blobs = [];
    private readonly object?[] values = new object?[ReferenceCount + ExchangeFacts.All.Count];

    public SqliteExchangeWriter(SqliteConnection connection, SqliteNames names, SqliteChainRows chains)
    {
        this.names = names;
        this.chains = chains;
        node = new Prepared(connection, "INSERT INTO nodes (org, hash, parent, depth, body_digest, role, body, continues) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        join = new Prepared(
            connection,
            """
            INSERT INTO session_nodes (session, node, carried_at, carried_by, body) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO UPDATE SET carried_at = excluded.carried_at, carried_by = excluded.carried_by, body = excluded.body
            """);
        findBlob = new Prepared(connection, "SELECT blob FROM blobs WHERE hash = ?1 AND org = ?2");
        addBlob = new Prepared(connection, "INSERT INTO blobs (hash, org, content) VALUES (?1, ?2, ?3)");
        insert = new Prepared(
            connection,
            $"""
            INSERT INTO exchanges ({References}, {string.Join(", ", ExchangeFacts.All.Select(fact => fact.Column))})
            VALUES ({string.Join(", ", Enumerable.Range(1, values.Length).Select(i => $"?{i}"))})
            """);
        move = new Prepared(connection, "UPDATE exchanges SET session = ?2, is_turn = ?3, attempt = ?4, retry_of = ?5, seq = ?6, own_session = ?7 WHERE exchange_id = ?1");
        repeat = new Prepared(
            connection,
            $"""
            UPDATE exchanges
            SET operation = ?2, has_reply = ?3, is_turn = min(is_turn, ?3), repeated = ?4, {string.Join(", ", HeardFacts.All.Select((fact, i) => $"{fact.Column} = ?{5 + i}"))}
            WHERE exchange_id = ?1
            """);
        ask = new Prepared(
            connection,
            """
            INSERT INTO tool_calls (session, call_id, name, arguments, asked_at, asked_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET name = excluded.name, arguments = excluded.arguments, asked_at = excluded.asked_at, asked_by = excluded.asked_by
            """);
        answer = new Prepared(
            connection,
            """
            INSERT INTO tool_calls (session, call_id, is_error, answered_at, answered_by, is_cancelled) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET
              is_error = excluded.is_error, answered_at = excluded.answered_at, answered_by = excluded.answered_by, is_cancelled = excluded.is_cancelled
            """);
        putAnswer = new Prepared(
            connection,
            """
            INSERT INTO responses (org, response_id, session, settled, heard_at, heard_by, made_at, made_by, continued_at, continued_by)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT DO UPDATE SET
              session = excluded.session, settled = excluded.settled, heard_at = excluded.heard_at, heard_by = excluded.heard_by,
              made_at = excluded.made_at, made_by = excluded.made_by, continued_at = excluded.continued_at, continued_by = excluded.continued_by
            """);
    }

    /// <summary>Called when every session has its row.</summary>
    public void Write(WorkingSet set)
    {
        foreach (var (org, one, digest) in set.NewNodes)
        {
            Add(set, org, one, digest);
        }

        foreach (var (key, content) in set.Blobs)
        {
            var (hash, org) = (key.Hash.Bytes, names.Org(key.Org));
            blobs[key] = findBlob.Number(hash, org) ?? addBlob.Insert(hash, org, content);
        }

        foreach (var exchange in set.NewExchanges)
        {
            Insert(set, exchange);
        }

        foreach (var attempt in set.Moved)
        {
            Move(set, attempt);
        }

        foreach (var session in set.Changed)
        {
            WriteMembers(set, session);
            WriteTools(session);
        }

        foreach (var (key, state) in set.Answers.Where(known => known.Value.Changed))
        {
            putAnswer.Run(
                names.Org(key.Org), key.Id, RowOf(set, state.Session), state.IsSettled ? 1L : 0L, state.FirstHeard?.At, state.FirstHeard?.Id.Bytes(),
                state.MadeBy?.At, state.MadeBy?.Id.Bytes(), state.ContinuedBy?.At, state.ContinuedBy?.Id.Bytes());
        }

        blobs.Clear();
    }

    public void Dispose()
    {
        Prepared[] all = [node, join, findBlob, addBlob, insert, move, repeat, ask, answer, putAnswer];
        Array.ForEach(all, one => one.Dispose());
    }

    private void Add(WorkingSet set, string org, Node one, UInt128 digest)
    {
        var digestBytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(digestBytes, digest);
        var parent = one.Parent is { } before ? chains.Row(set, org, before) : (long?)null;
        var row = node.Insert(names.Org(org), one.Hash.ToArray(), parent, (long)one.Depth, digestBytes, one.Role, ToArray(one.Body), StorableText.Of(one.Continues));
        set.Nodes[(org, one.Hash)] = new NodeState(digest, row);
    }

    private void Insert(WorkingSet set, NewExchange exchange)
    {
        var (told, org) = (exchange.Told, exchange.Org);
        ReadOnlySpan<object?> references =
        [
            exchange.Clock.Id.Bytes(),
            names.Org(org),
            RowOf(set, exchange.Attempt.OwnSession),
            RowOf(set, exchange.Attempt.Session),
            names.RouteOf(told),
            names.CallerOf(told),
            told.Chain?.Root is { } root ? chains.Row(set, org, root) : null,
            told.Chain?.Leaf is { } leaf ? chains.Row(set, org, leaf) : null,
            told.Turn?.System is { } system ? blobs[(org, BlobHash.Of(system))] : null,
            told.Turn?.Tools is { } tools ? blobs[(org, BlobHash.Of(tools))] : null,
            exchange.At is { } at ? names.Journal(at.Journal) : null,
        ];
        references.CopyTo(values);
        var place = ReferenceCount;
        foreach (var fact in ExchangeFacts.All)
        {
            values[place++] = fact.Of(exchange);
        }

        insert.Run(values);
    }

    private void Move(WorkingSet set, Attempt attempt)
    {
        if (attempt.IsAsked)
        {
            repeat.Run([
                attempt.Clock.Id.Bytes(), attempt.OperationAsked, attempt.CountsReply ? 1L : 0L, attempt.RepeatedJson(),
                .. HeardFacts.All.Select(fact => fact.Of(attempt.Counted))]);
        }

        move.Run(
            attempt.Clock.Id.Bytes(),
            RowOf(set, attempt.Session),
            attempt.IsTurn ? 1L : 0L,
            (long)attempt.Number,
            attempt.RetryOf?.Bytes(),
            attempt.Seq,
            RowOf(set, attempt.OwnSession));
    }

    private void WriteMembers(WorkingSet set, SessionState session)
    {
        foreach (var hash in session.Joined)
        {
            var member = session.Members[hash];
            join.Run(
                session.Row,
                chains.Row(set, session.Key.OrgId, hash),
                member.Clock.At,
                member.Clock.Id.Bytes(),
                member.OwnBody is { } own ? ToArray(own) : null);
        }
    }

    private void WriteTools(SessionState session)
    {
        foreach (var id in session.Asked)
        {
            var call = session.Tools[id];
            ask.Run(session.Row, id, call.Name, call.ArgumentsJson, call.Asked!.Value.At, call.Asked.Value.Id.Bytes());
        }

        foreach (var id in session.Answered)
        {
            var call = session.Tools[id];
            answer.Run(session.Row, id, Bit(call.IsError), call.Answered!.Value.At, call.Answered.Value.Id.Bytes(), Bit(call.IsCancelled));
        }
    }

    private static long? Bit(bool? value) => value is { } known ? known ? 1L : 0L : null;

    private static long? RowOf(WorkingSet set, Guid? session) => session is { } id ? set.Session(id).Row : null;

    private static byte[] ToArray(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var whole) && whole.Count == whole.Array!.Length ? whole.Array : bytes.ToArray();
}
