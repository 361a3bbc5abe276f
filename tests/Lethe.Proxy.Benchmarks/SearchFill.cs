using System.Text;
using Dapper;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// Fills a search index with made traffic by the product's own tokens and writers, in larger steps than the product takes; what is left over for the
/// product's consumer lies on top of it as it does in a store in use. Goes on where it was stopped.
/// </summary>
internal static class SearchFill
{
    private const int TurnsAtOnce = 16_384;
    private const int LeftForConsumer = 20_000;
    private const int SqliteTermBytes = 64 * 1024 * 1024;
    private const int SqliteTermBytesDefault = 1024 * 1024;

    public static async Task SqliteAsync(string path, MadeTraffic traffic)
    {
        var connection = await LetheDatabase.OpenAsync(path, TimeProvider.System);
        using var index = new SqliteSearchIndex(connection);
        connection.Execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA wal_autocheckpoint = 100000");
        Hold(connection, SqliteTermBytes);
        Run(index, traffic);
        Hold(connection, SqliteTermBytesDefault);
        connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public static void Run(ISearchIndex index, MadeTraffic traffic)
    {
        var indexed = index.IndexedUpTo(Organisation.None);
        var end = traffic.Turns().LongCount() - LeftForConsumer;
        var steps = traffic.Turns().Where(turn => turn.Ordinal >= indexed && turn.Ordinal < end).Chunk(TurnsAtOnce);
        var next = Task.FromResult<SearchDocument[]>([]);
        foreach (var step in steps)
        {
            var documents = Task.Run(() => step.AsParallel().AsOrdered().Select(turn => Document(traffic, turn)).ToArray());
            indexed = Add(index, indexed, next.Result);
            next = documents;
        }

        Add(index, indexed, next.Result);
    }

    // How much of what waits is held in memory; the table remembers it.
    private static void Hold(SqliteConnection connection, int bytes) => connection.Execute(
        "INSERT INTO search_words (search_words, rank) VALUES ('hashsize', @bytes); INSERT INTO search_code (search_code, rank) VALUES ('hashsize', @bytes)", new { bytes });

    private static long Add(ISearchIndex index, long from, SearchDocument[] documents)
    {
        if (documents.Length == 0)
        {
            return from;
        }

        var last = documents[^1].Ingested;
        Console.Error.Write($"\r{last:#,0} turns indexed");
        return index.Add(Organisation.None, from, last, documents) ? last : throw new InvalidOperationException("Another one indexes here.");
    }

    private static SearchDocument Document(MadeTraffic traffic, MadeTurn turn) => new(
        turn.Ordinal + 1L,
        traffic.At(turn.Session, turn.Turn),
        SearchPart.Said,
        SearchTokens.Of([.. Enumerable.Range(2 * turn.Turn, 2).Select(depth => Encoding.ASCII.GetString(traffic.Text(turn.Session, depth)))]));
}
