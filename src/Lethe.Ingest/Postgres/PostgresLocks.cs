using System.Security.Cryptography;
using System.Text;
using Lethe.Ingest.Meaning;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>
/// What two recorders may not decide at once: sessions by their id in whatever harness, also those that are not there yet; kept answers; work
/// that one gives to another; and tries of one call. Taken behind the receipts and before any row, in one order, and held until the end of the transaction. Nobody waits for another then who
/// waits for him: what cannot be taken in one order, since it is found only on the way, is not waited for, and all of it is made again alone.
/// </summary>
internal sealed class PostgresLocks(PostgresStatements statements)
{
    /// <summary>Sets these apart from other programs' locks.</summary>
    private const int Space = 0x4C657468;

    /// <summary>A server has a few thousand places for locks: what falls on the same one waits, which harms nothing.</summary>
    private const int PlacesMax = 1024;

    /// <summary>Longer than it takes to see that a wait would not end, and shorter than the server takes to look for circles.</summary>
    private const int WaitMillisecondsMax = 50;

    /// <summary>Held while words or records go: nothing is stored then that refers to what is going.</summary>
    private const long GoingLock = 0x4C657468_676F6E65;

    /// <summary>Held alone by who stores imported calls, and shared by all others: which of the two counts an answer is decided in one order.</summary>
    private const long ImportLock = 0x4C657468_696D706F;

    /// <summary>For the transaction in which something goes; waits for those that store.</summary>
    public static string KeepOthersOut { get; } = $"SELECT pg_advisory_xact_lock({GoingLock})";

    /// <summary>For a transaction that adds what something that goes would have to take along; waits for it.</summary>
    public static string KeepGoingOut { get; } = $"SELECT pg_advisory_xact_lock_shared({GoingLock})";

    /// <summary>Comes first in a transaction that stores: beside others, or alone.</summary>
    public void Begin(bool isAlone) => statements.Scalar(isAlone ? KeepOthersOut : KeepGoingOut);

    /// <summary>From here on nothing is waited for that another one holds: that one may wait for what is held here.</summary>
    public void WaitNoMore() => statements.Run($"SET LOCAL lock_timeout = {WaitMillisecondsMax}");

    public void Take(IEnumerable<NewExchange> exchanges)
    {
        var places = new List<int>();
        var (isAny, isImport) = (false, false);
        foreach (var exchange in exchanges)
        {
            isAny = true;
            isImport |= exchange.Attempt.IsImport;
            places.AddRange(Words(exchange).Select(Place));
        }

        if (isAny)
        {
            statements.Query(
                $"""
                SELECT {(isImport ? "pg_advisory_xact_lock" : "pg_advisory_xact_lock_shared")}({ImportLock})
                UNION ALL
                (SELECT pg_advisory_xact_lock({Space}, k.place) FROM unnest($1) WITH ORDINALITY k (place, at) ORDER BY k.at)
                """,
                _ => 0,
                Of(places.Distinct().Order()));
        }
    }

    private static IEnumerable<string> Words(NewExchange exchange)
    {
        var (told, org) = (exchange.Told, exchange.Org);
        foreach (var session in (string?[])[told.Envelope.HarnessSessionId, told.Envelope.ParentHarnessSessionId, Hosts.Apart(told)?.HarnessSessionId])
        {
            if (!string.IsNullOrEmpty(session))
            {
                yield return $"{org} session {session}";
            }
        }

        foreach (var corrected in new[] { exchange.Correction?.From, exchange.Correction?.Into }.OfType<CorrectedKey>())
        {
            yield return $"{org} session {corrected.HarnessSessionId}";
        }

        foreach (var answer in new[] { Answers.Named(told), Answers.Continued(told), Answers.Made(told) }.OfType<string>())
        {
            // It stands for the session that waits for it too.
            yield return $"{org} session {SessionKey.ContinuingId(answer)}";
        }

        foreach (var work in Delegations.Given(told).Append(Delegations.Taken(told)).OfType<string>())
        {
            yield return $"{org} {work}";
        }

        if (BatchResults.BatchOf(told.Turn) is { } batch)
        {
            yield return $"{org} {batch}";
        }

        if (exchange.RetryKey is { } key)
        {
            yield return $"{org} call {key}";
        }
    }

    private static int Place(string word)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(word), hash);
        return BitConverter.ToUInt16(hash) % PlacesMax;
    }
}
