using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Lethe.Capture;
using Lethe.Ingest.Meaning;
using Npgsql;
using NpgsqlTypes;
using static Lethe.Ingest.Postgres.PostgresStatements;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>Writes nodes, members, blobs, exchanges, tool calls and answers.</summary>
internal sealed class PostgresExchangeWriter(PostgresStatements statements)
{
    // A column holds an id here, and bytes elsewhere.
    private const string RetryOf = "retry_of";

    private static readonly string CopySql = $"""
        COPY exchanges (ingested, exchange_id, org, own_session, session, caller, root, leaf, system, tools, body_journal,
          door, capture_mode, method, http_version, upstream, provider, endpoint, {string.Join(", ", ExchangeFacts.All.Select(fact => fact.Column))})
        FROM STDIN (FORMAT BINARY)
        """;

    private static readonly string RepeatSql = $"""
        UPDATE exchanges
        SET operation = $4, has_reply = $5, is_turn = least(is_turn, $5), repeated = $6, {string.Join(", ", HeardFacts.All.Select((fact, i) => $"{fact.Column} = ${7 + i}"))}
        WHERE org = $1 AND captured_at = $2 AND exchange_id = $3
        """;

    private const string MoveSql = """
        UPDATE exchanges
        SET session = $4, is_turn = $5, attempt = $6, retry_of = $7, seq = $8, own_session = $9
        WHERE org = $1 AND captured_at = $2 AND exchange_id = $3
        """;

    private const string AskSql = """
        INSERT INTO tool_calls (org, session, call_id, name, arguments, asked_at, asked_by)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (org, session, call_id) DO UPDATE SET
          name = excluded.name, arguments = excluded.arguments, asked_at = excluded.asked_at, asked_by = excluded.asked_by
        """;

    private const string AnswerSql = """
        INSERT INTO tool_calls (org, session, call_id, is_error, answered_at, answered_by, is_cancelled)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (org, session, call_id) DO UPDATE SET
          is_error = excluded.is_error, answered_at = excluded.answered_at, answered_by = excluded.answered_by, is_cancelled = excluded.is_cancelled
        """;

    private const string KeepSql = """
        INSERT INTO responses (org, response_id, session, settled, heard_at, heard_by, made_at, made_by, continued_at, continued_by)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (org, response_id) DO UPDATE SET
          session = excluded.session, settled = excluded.settled, heard_at = excluded.heard_at, heard_by = excluded.heard_by,
          made_at = excluded.made_at, made_by = excluded.made_by, continued_at = excluded.continued_at, continued_by = excluded.continued_by
        """;

    /// <summary>Called when every session has its row.</summary>
    public void Write(WorkingSet set)
    {
        WriteNodes(set);
        WriteMembers(set);
        WriteBlobs(set);
        // What is counted by the hour is counted behind these: one at a time in an organisation, and in whatever order.
        var places = TakePlaces(set);
        using (var batch = statements.Batch())
        {
            WriteTools(batch, set);
            WriteAnswers(batch, set);
            foreach (var attempt in set.Moved)
            {
                Move(batch, attempt);
            }

            PostgresStatements.Run(batch);
        }

        if (places.Count > 0)
        {
            WriteExchanges(set, places);
        }
    }

    private void WriteNodes(WorkingSet set)
    {
        var nodes = set.NewNodes.OrderBy(one => one.Org, StringComparer.Ordinal).ThenBy(one => Convert.ToHexString(one.Node.Hash.Span), StringComparer.Ordinal).ToList();
        if (nodes.Count == 0)
        {
            return;
        }

        var added = statements.Run(
            """
            INSERT INTO nodes (org, hash, parent, depth, body_digest, role, body, continues)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT DO NOTHING
            """,
            Of(nodes.Select(one => Org(one.Org))),
            Of(nodes.Select(one => one.Node.Hash.ToArray())),
            Of(nodes.Select(one => one.Node.Parent?.ToArray())),
            Of(nodes.Select(one => (long?)one.Node.Depth)),
            Of(nodes.Select(one => Bytes(one.BodyDigest))),
            Of(nodes.Select(one => one.Node.Role)),
            Of(nodes.Select(one => one.Node.Body.ToArray())),
            Of(nodes.Select(one => StorableText.Of(one.Node.Continues))));
        if (added != nodes.Count)
        {
            // Whose words the node holds decides which of ours are kept beside it.
            throw new OvertakenException("A node was stored by another recorder meanwhile.");
        }
    }

    private void WriteMembers(WorkingSet set)
    {
        var joined = set.Changed.SelectMany(session => session.Joined.Select(hash => (session.Key.OrgId, session.Id, Hash: hash, Member: session.Members[hash]))).ToList();
        if (joined.Count == 0)
        {
            return;
        }

        statements.Run(
            """
            INSERT INTO session_nodes (org, session, hash, carried_at, carried_by, body)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
            ON CONFLICT (org, session, hash) DO UPDATE SET carried_at = excluded.carried_at, carried_by = excluded.carried_by, body = excluded.body
            """,
            Of(joined.Select(one => Org(one.OrgId))),
            Of(joined.Select(one => one.Id)),
            Of(joined.Select(one => one.Hash.ToArray())),
            Of(joined.Select(one => (long?)one.Member.Clock.At)),
            Of(joined.Select(one => one.Member.Clock.Id)),
            Of(joined.Select(one => one.Member.OwnBody?.ToArray())));
    }

    private void WriteBlobs(WorkingSet set)
    {
        var blobs = set.Blobs
            .OrderBy(blob => blob.Key.Org, StringComparer.Ordinal)
            .ThenBy(blob => Convert.ToHexString(blob.Key.Hash.Bytes), StringComparer.Ordinal)
            .ToList();
        if (blobs.Count > 0)
        {
            statements.Run(
                "INSERT INTO blobs (org, hash, content) SELECT * FROM unnest($1, $2, $3) ON CONFLICT DO NOTHING",
                Of(blobs.Select(blob => Org(blob.Key.Org))),
                Of(blobs.Select(blob => blob.Key.Hash.Bytes)),
                Of(blobs.Select(blob => blob.Value)));
        }
    }

    private static void WriteTools(NpgsqlBatch batch, WorkingSet set)
    {
        var asked = set.Changed.SelectMany(session => session.Asked.Select(id => (Session: session, Id: id, Call: session.Tools[id]))).ToList();
        if (asked.Count > 0)
        {
            Add(
                batch,
                AskSql,
                Of(asked.Select(one => Org(one.Session.Key.OrgId))),
                Of(asked.Select(one => one.Session.Id)),
                Of(asked.Select(one => one.Id)),
                Of(asked.Select(one => one.Call.Name)),
                Of(asked.Select(one => one.Call.ArgumentsJson)),
                Of(asked.Select(one => one.Call.Asked?.At)),
                Of(asked.Select(one => one.Call.Asked?.Id)));
        }

        var answered = set.Changed.SelectMany(session => session.Answered.Select(id => (Session: session, Id: id, Call: session.Tools[id]))).ToList();
        if (answered.Count > 0)
        {
            Add(
                batch,
                AnswerSql,
                Of(answered.Select(one => Org(one.Session.Key.OrgId))),
                Of(answered.Select(one => one.Session.Id)),
                Of(answered.Select(one => one.Id)),
                Of(answered.Select(one => Bit(one.Call.IsError))),
                Of(answered.Select(one => one.Call.Answered?.At)),
                Of(answered.Select(one => one.Call.Answered?.Id)),
                Of(answered.Select(one => Bit(one.Call.IsCancelled))));
        }
    }

    private static void WriteAnswers(NpgsqlBatch batch, WorkingSet set)
    {
        var answers = set.Answers.Where(known => known.Value.Changed).ToList();
        if (answers.Count > 0)
        {
            Add(
                batch,
                KeepSql,
                Of(answers.Select(one => Org(one.Key.Org))),
                Of(answers.Select(one => one.Key.Id)),
                Of(answers.Select(one => one.Value.Session)),
                Of(answers.Select(one => (long?)(one.Value.IsSettled ? 1 : 0))),
                Of(answers.Select(one => one.Value.FirstHeard?.At)),
                Of(answers.Select(one => one.Value.FirstHeard?.Id)),
                Of(answers.Select(one => one.Value.MadeBy?.At)),
                Of(answers.Select(one => one.Value.MadeBy?.Id)),
                Of(answers.Select(one => one.Value.ContinuedBy?.At)),
                Of(answers.Select(one => one.Value.ContinuedBy?.Id)));
        }
    }

    private static void Move(NpgsqlBatch batch, Attempt attempt)
    {
        var org = Org(attempt.OrgId);
        if (attempt.IsAsked)
        {
            var repeat = Add(
                batch, RepeatSql, Of(org), Of(attempt.Clock.At), Of(attempt.Clock.Id), Of(attempt.OperationAsked),
                Of(attempt.CountsReply ? 1L : 0L), Of(attempt.RepeatedJson()));
            foreach (var fact in HeardFacts.All)
            {
                repeat.Parameters.Add(fact.Kind == FactKind.Integer ? Of(fact.Of(attempt.Counted) as long?) : Of(fact.Of(attempt.Counted) as string));
            }
        }

        Add(
            batch, MoveSql, Of(org), Of(attempt.Clock.At), Of(attempt.Clock.Id), Of(attempt.Session), Of(attempt.IsTurn ? 1L : 0L), Of((long)attempt.Number),
            Of(attempt.RetryOf), Of(attempt.Seq), Of(attempt.OwnSession));
    }

    // The order of commits is taken here, for as short as can be: the organisation's row is held until the commit. The last place given before, of each.
    private Dictionary<string, long> TakePlaces(WorkingSet set)
    {
        var next = new Dictionary<string, long>();
        foreach (var own in set.NewExchanges.GroupBy(exchange => exchange.Org).OrderBy(own => own.Key, StringComparer.Ordinal))
        {
            WriteCallers(own);
            next[own.Key] = (long)statements.Scalar(
                "UPDATE orgs SET ingested = ingested + $2 WHERE org = $1 RETURNING ingested", Of(Org(own.Key)), Of((long)own.Count()))! - own.Count();
        }

        return next;
    }

    private void WriteExchanges(WorkingSet set, Dictionary<string, long> next)
    {
        using var copy = statements.Copy(CopySql);
        foreach (var exchange in set.NewExchanges)
        {
            copy.StartRow();
            copy.Write(++next[exchange.Org], NpgsqlDbType.Bigint);
            Write(copy, exchange);
        }

        copy.Complete();
    }

    private void WriteCallers(IEnumerable<NewExchange> exchanges)
    {
        var callers = exchanges
            .Select(exchange => (exchange.Org, Caller: new Caller(exchange.Told.Envelope)))
            .Distinct()
            .Select(one => (one.Org, one.Caller, Key: CallerKey(one.Caller)))
            .OrderBy(one => Convert.ToHexString(one.Key), StringComparer.Ordinal)
            .ToList();
        statements.Run(
            "INSERT INTO callers (org, caller, harness_id, harness_version, evidence) SELECT * FROM unnest($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            Of(callers.Select(one => Org(one.Org))),
            Of(callers.Select(one => one.Key)),
            Of(callers.Select(one => one.Caller.HarnessId)),
            Of(callers.Select(one => one.Caller.Version)),
            Of(callers.Select(one => one.Caller.EvidenceJson())));
    }

    private static void Write(NpgsqlBinaryImporter copy, NewExchange exchange)
    {
        var (told, attempt) = (exchange.Told, exchange.Attempt);
        var route = Route.Of(told);
        copy.Write(exchange.Clock.Id, NpgsqlDbType.Uuid);
        copy.Write(Org(exchange.Org), NpgsqlDbType.Uuid);
        Write(copy, attempt.OwnSession, NpgsqlDbType.Uuid);
        Write(copy, attempt.Session, NpgsqlDbType.Uuid);
        copy.Write(CallerKey(new Caller(told.Envelope)), NpgsqlDbType.Bytea);
        Write(copy, told.Chain?.Root?.ToArray(), NpgsqlDbType.Bytea);
        Write(copy, told.Chain?.Leaf?.ToArray(), NpgsqlDbType.Bytea);
        Write(copy, told.Turn?.System is { } system ? BlobHash.Of(system).Bytes : null, NpgsqlDbType.Bytea);
        Write(copy, told.Turn?.Tools is { } tools ? BlobHash.Of(tools).Bytes : null, NpgsqlDbType.Bytea);
        Write(copy, exchange.At?.Journal, NpgsqlDbType.Uuid);
        foreach (var word in (string[])[route.Door, route.CaptureMode, route.Method, route.HttpVersion, route.Upstream, route.Provider, route.Endpoint])
        {
            copy.Write(word, NpgsqlDbType.Text);
        }

        foreach (var fact in ExchangeFacts.All)
        {
            if (fact.Column == RetryOf)
            {
                Write(copy, attempt.RetryOf, NpgsqlDbType.Uuid);
                continue;
            }

            Write(copy, fact.Of(exchange), fact.Kind switch
            {
                FactKind.Integer => NpgsqlDbType.Bigint,
                FactKind.Text => NpgsqlDbType.Text,
                _ => NpgsqlDbType.Bytea,
            });
        }
    }

    private static void Write(NpgsqlBinaryImporter copy, object? value, NpgsqlDbType type)
    {
        if (value is null)
        {
            copy.WriteNull();
        }
        else
        {
            copy.Write(value, type);
        }
    }

    private static long? Bit(bool? value) => value is { } known ? known ? 1L : 0L : null;

    private static byte[] CallerKey(Caller caller) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{caller.HarnessId.Length} {caller.HarnessId}\n{caller.Version.Length} {caller.Version}\n{caller.EvidenceJson()}"))[..16];

    private static byte[] Bytes(UInt128 digest)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, digest);
        return bytes;
    }
}
