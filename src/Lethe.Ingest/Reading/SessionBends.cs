using System.Data.Common;
using System.Text;
using System.Text.Json;
using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>
/// Where a conversation does not simply go on: forked off another session's, or compacted into a summary and begun anew. Worked out from what is stored when it is
/// asked for, so that the order in which calls arrived changes nothing.
/// </summary>
internal sealed class SessionBends(IReadConnections connections, DbConnection db, object owner)
{
    private const string InConversation = "coalesce(request_kind, 'main') IN ('main', 'sub_agent')";
    private const string OfSession = "org = @owner AND session_id = @session";

    // A summary stands in the first messages of what comes after it; a shorter line says nothing.
    private const int SummaryDepthMax = 4;
    private const int LineCharsMin = 16;

    /// <summary>The session that this one was forked off; null when it began by itself. What the harness tells wins.</summary>
    public ForkRecord? Fork(SessionSummary session)
    {
        var at = new { owner, session = connections.SessionId(Guid.Parse(session.SessionId)) };
        var told = db.QueryFirstOrDefault<string?>($"SELECT forked_from FROM session_forks WHERE {OfSession}", at);
        var first = db.QueryFirstOrDefault<CachedCall>(
            $"SELECT * FROM cached_calls WHERE {connections.Unsought("org")} = @owner AND session_id = @session AND leaf_hash IS NOT NULL AND {InConversation} ORDER BY captured_at, exchange_id LIMIT 1", at);
        var answer = first is null ? null : LastOfAnother(session, first);
        if (told is null)
        {
            return answer is null ? null : new ForkRecord(answer.SessionId.ToString("D"), answer.HarnessSessionId, answer.ExchangeId.ToString("D"), (int)answer.Messages, "inference:chain");
        }

        var origin = db.QueryFirstOrDefault<Guid?>(
            """
            SELECT session_id FROM session_records WHERE org = @owner AND harness_session_id = @told AND harness_id = @HarnessId
            UNION ALL
            SELECT session_id FROM session_aliases WHERE org = @owner AND harness_session_id = @told AND harness_id = @HarnessId
            """,
            new { owner, told, session.HarnessId });
        if (origin?.ToString("D") == session.SessionId)
        {
            // It has gone over into this one since.
            return null;
        }

        var isThere = answer is not null && answer.SessionId == origin;
        return new ForkRecord(origin?.ToString("D"), told, isThere ? answer!.ExchangeId.ToString("D") : null, isThere ? (int)answer!.Messages : null, "harness");
    }

    /// <summary>Each compaction joins the conversation before it and the one after it.</summary>
    public IReadOnlyList<CompactionRecord> Compactions(SessionSummary session)
    {
        var id = connections.SessionId(Guid.Parse(session.SessionId));
        var found = new List<CompactionRecord>();
        foreach (var call in Calls(id, "request_kind = 'compaction' AND has_reply = 1", "captured_at, exchange_id", null, int.MaxValue))
        {
            var before = Calls(id, $"{InConversation} AND is_turn = 1 AND (captured_at, exchange_id) < (@at, @by)", "captured_at DESC, exchange_id DESC", call, 1).FirstOrDefault();
            var after = Calls(id, $"{InConversation} AND is_turn = 1 AND (captured_at, exchange_id) > (@at, @by)", "captured_at, exchange_id", call, 1).FirstOrDefault();
            var edge = new CompactionRecord
            {
                ExchangeId = call.ExchangeId.ToString("D"),
                BeforeExchangeId = before?.ExchangeId.ToString("D"),
                BeforeLeaf = Hex(before?.LeafHash),
                MessagesBefore = (int?)before?.ChainLength,
                AfterExchangeId = after?.ExchangeId.ToString("D"),
                AfterRoot = Hex(after?.RootHash),
                MessagesAfter = (int?)after?.PromptLength,
                Evidence = after is not null && Tells(after, call) ? "reply_in_prompt" : "request_kind",
            };
            if (found.Count > 0 && found[^1].AfterExchangeId == edge.AfterExchangeId)
            {
                // It was asked for more than once: the last summary is the one that was gone on from.
                found.RemoveAt(found.Count - 1);
            }

            found.Add(edge);
        }

        return found;
    }

    // The deepest message of the first prompt that another session had for an answer, before this one began. Not a question: many begin with the same words.
    private ForkedAnswer? LastOfAnother(SessionSummary session, CachedCall first) => db.QueryFirstOrDefault<ForkedAnswer>(
        """
        WITH RECURSIVE chain (hash, parent_hash, replies, steps) AS (
          SELECT hash, parent_hash, depth + 1 - @PromptLength, 0 FROM message_steps WHERE org = @owner AND hash = @LeafHash
          UNION ALL
          SELECT m.hash, m.parent_hash, c.replies, c.steps + 1 FROM chain c JOIN message_steps m ON m.org = @owner AND m.hash = c.parent_hash
        )
        SELECT a.session_id, s.harness_session_id, a.exchange_id, (SELECT count(*) FROM chain) - c.steps AS messages
        FROM chain c
        JOIN answers_by_leaf a ON a.org = @owner AND a.leaf_hash = c.hash
        JOIN session_records s ON s.org = @owner AND s.session_id = a.session_id
        WHERE c.steps >= c.replies AND a.session_id <> @session AND a.captured_at < @CapturedAt
        ORDER BY c.steps, a.captured_at, a.exchange_id
        LIMIT 1
        """,
        new { owner, first.LeafHash, first.PromptLength, first.CapturedAt, session = connections.SessionId(Guid.Parse(session.SessionId)) });

    private List<ExchangeRow> Calls(object session, string condition, string order, ExchangeRow? from, int limit) => db.Query<ExchangeRow>(
        $"{ExchangeRow.Select}WHERE {connections.Unsought("org")} = @owner AND session_id = @session AND {condition} ORDER BY {order} LIMIT {limit}",
        new { owner, session, at = from?.CapturedAt ?? 0, by = connections.ExchangeId(from?.ExchangeId ?? Guid.Empty) }).AsList();

    private bool Tells(ExchangeRow after, ExchangeRow compaction)
    {
        var summary = compaction.ReplyText is { } reply ? Encoding.UTF8.GetString(reply).Split('\n').Select(line => line.Trim()).MaxBy(line => line.Length) : null;
        if (summary is not { Length: >= LineCharsMin } || after.LeafHash is not { } leaf)
        {
            return false;
        }

        // As the message's JSON spells it, in either way.
        string[] spellings = [JsonSerializer.Serialize(summary, Meaning.StoredJson.Default.String)[1..^1], summary.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)];
        return db.Query<byte[]>(
            """
            WITH RECURSIVE chain (hash, parent_hash, depth) AS (
              SELECT hash, parent_hash, depth FROM message_steps WHERE org = @owner AND hash = @leaf
              UNION ALL
              SELECT m.hash, m.parent_hash, m.depth FROM chain c JOIN message_steps m ON m.org = @owner AND m.hash = c.parent_hash
            )
            SELECT m.body FROM chain c JOIN messages m ON m.org = @owner AND m.hash = c.hash WHERE c.depth < @depth
            """,
            new { owner, leaf, depth = Math.Min(SummaryDepthMax, after.PromptLength ?? 0) })
            .Any(body => Array.Exists(spellings, spelling => Encoding.UTF8.GetString(body).Contains(spelling, StringComparison.Ordinal)));
    }

    private static string? Hex(byte[]? hash) => hash is null ? null : Convert.ToHexStringLower(hash);

    private sealed class ForkedAnswer
    {
        public Guid SessionId { get; init; }
        public string HarnessSessionId { get; init; } = "";
        public Guid ExchangeId { get; init; }
        public long Messages { get; init; }
    }
}
