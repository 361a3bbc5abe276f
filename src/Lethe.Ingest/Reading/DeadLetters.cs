using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Reading;

/// <summary>A delivery that could not be stored, or a line of the journal that could not be read.</summary>
/// <param name="Key">Its commit key; <c>journal:</c> and the place for a line that could not be read.</param>
/// <param name="ExchangeId">Null for a line that could not be read.</param>
/// <param name="Code"><c>idempotency_conflict</c>, <c>DB_CONSTRAINT</c>, <c>JOURNAL_UNDECODABLE</c>, …</param>
/// <param name="Message">Why, without captured content.</param>
/// <param name="At">Where it stands in the journal.</param>
/// <param name="BuriedAt">RFC 3339 with microseconds, UTC.</param>
public sealed record DeadLetter(long Letter, string OrgId, string Key, string? ExchangeId, string Code, string Message, JournalPosition At, string BuriedAt);

/// <summary>The letters of a store, oldest first.</summary>
public sealed class DeadLetters(string path)
{
    private const string Select = """
        SELECT letter, org_id, commit_key, exchange_id, code, message, body_segment, body_offset, body_sequence, at
        FROM dead_letters

        """;

    /// <exception cref="StoreRefusedException">There is no store, or it is of another kind or version.</exception>
    public IReadOnlyList<DeadLetter> List() => Query(Select + "ORDER BY letter", new { });

    /// <summary>Those of a commit key, or the one of an exchange id.</summary>
    /// <exception cref="StoreRefusedException">There is no store, or it is of another kind or version.</exception>
    public IReadOnlyList<DeadLetter> Find(string key) => Query(Select + "WHERE commit_key = @key OR exchange_id = @key ORDER BY letter", new { key });

    /// <summary>Takes back a letter whose delivery came to a good end.</summary>
    /// <param name="writer">Open for writing, and in no transaction.</param>
    public static void Remove(SqliteConnection writer, DeadLetter letter) =>
        writer.Execute("DELETE FROM dead_letters WHERE letter = @Letter", new { letter.Letter });

    private List<DeadLetter> Query(string sql, object parameters)
    {
        using var connection = LetheDatabase.OpenReadOnly(path);
        return [.. connection.Query<Row>(sql, parameters).Select(row => new DeadLetter(
            row.Letter,
            row.OrgId,
            row.CommitKey,
            row.ExchangeId.Length == 0 ? null : row.ExchangeId,
            row.Code,
            row.Message,
            new JournalPosition(default, row.BodySegment, row.BodyOffset, row.BodySequence),
            Microseconds.ToText(row.At)))];
    }

    private sealed class Row
    {
        public long Letter { get; init; }
        public string OrgId { get; init; } = "";
        public string CommitKey { get; init; } = "";
        public string ExchangeId { get; init; } = "";
        public string Code { get; init; } = "";
        public string Message { get; init; } = "";
        public long BodySegment { get; init; }
        public long BodyOffset { get; init; }
        public long BodySequence { get; init; }
        public long At { get; init; }
    }
}
