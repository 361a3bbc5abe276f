using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;

namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// A year of sessions, the same in every store: most of a few turns, every tenth of seventeen, every thousandth of two hundred, one of five thousand.
/// A turn adds a message and its reply. Sixty-four sessions go on at a time, so that what one said lies among what the others said.
/// </summary>
internal sealed class MadeTraffic(int sessions, MadeWords? words = null)
{
    public const int LongTurns = 200;
    public const int LongestTurns = 5_000;

    private const int AtATime = 64;
    private const int TurnMicroseconds = 30_000_000;
    private const long YearMicroseconds = 365L * 24 * 3600 * 1_000_000;

    private static readonly long Began = Microseconds.Of(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly string[] Models = ["claude-sonnet-4-5", "claude-opus-4-1", "gpt-5.2-codex", "claude-haiku-4-5"];
    private static readonly string[] HarnessIds = ["claude-code", "codex", "opencode", "aider"];

    private readonly MadeWords words = words ?? MadeWords.Few();

    public int Sessions { get; } = sessions;

    /// <summary>The one with <see cref="LongestTurns"/>; it is among the newest.</summary>
    public int Longest { get; } = Math.Max(0, sessions - 100);

    public int TurnsOf(int session) => session == Longest ? LongestTurns
        : session % 1000 == 500 ? LongTurns
        : session % 10 == 0 ? 17
        : 2 + (session % 4);

    public static SessionKey Key(int session) => new(Organisation.None, Harness(session), Id(session, 1).ToString("D"));

    // One in a thousand is of a harness that is seldom seen.
    public static string Harness(int session) => session % 1000 == 1 ? HarnessIds[3] : HarnessIds[session % 3];

    public static string Model(int session, int turn) => Models[(session + (turn / 50)) % Models.Length];

    public static string Project(int session) => $"/home/dev/project-{session / 7 % 5}";

    public long At(int session, int turn) => Began + (YearMicroseconds / Sessions * session) + ((long)turn * TurnMicroseconds);

    /// <summary>As exchanges have: a UUIDv7 of the time.</summary>
    public Guid ExchangeId(int session, int turn)
    {
        var random = SHA256.HashData(Encoding.ASCII.GetBytes($"exchange {session} {turn}"));
        Span<byte> id = random.AsSpan(0, 16);
        Span<byte> at = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(at, At(session, turn) / 1000);
        at[2..].CopyTo(id);
        id[6] = (byte)((id[6] & 0x0f) | 0x70);
        id[8] = (byte)((id[8] & 0x3f) | 0x80);
        return new Guid(id, bigEndian: true);
    }

    public static byte[] NodeHash(int session, int depth)
    {
        Span<byte> place = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(place, session);
        BinaryPrimitives.WriteInt32BigEndian(place[4..], depth);
        return SHA256.HashData(place);
    }

    /// <summary>What a message holds as JSON.</summary>
    public byte[] Body(int session, int depth)
    {
        ReadOnlySpan<byte> head = depth % 2 == 0 ? "{\"role\":\"user\",\"content\":\""u8 : "{\"role\":\"assistant\",\"content\":\""u8;
        return [.. head, .. Text(session, depth), .. "\"}"u8];
    }

    public ReadOnlySpan<byte> Text(int session, int depth) => words.At((uint)((session * 31) + depth) * 2654435761);

    /// <summary>In the order of commits.</summary>
    public IEnumerable<MadeTurn> Turns()
    {
        var ordinal = 0;
        var last = new int[AtATime];
        for (var first = 0; first < Sessions; first += AtATime)
        {
            var count = Math.Min(AtATime, Sessions - first);
            Array.Fill(last, -1);
            for (var (turn, left) = (0, true); left; turn++)
            {
                left = false;
                for (var one = 0; one < count; one++)
                {
                    if (turn < TurnsOf(first + one))
                    {
                        left = true;
                        yield return new MadeTurn(first + one, turn, ordinal, last[one]);
                        last[one] = ordinal++;
                    }
                }
            }
        }
    }

    private static Guid Id(int session, int kind) => new(SHA256.HashData(Encoding.ASCII.GetBytes($"id {kind} {session}")).AsSpan(0, 16));
}

/// <param name="Turn">Its place in the session, from 0.</param>
/// <param name="Ordinal">Its place in the order of commits, from 0.</param>
/// <param name="Before">The place of the session's turn before it; -1 for none.</param>
internal readonly record struct MadeTurn(int Session, int Turn, int Ordinal, int Before)
{
    public bool CallsTool => Turn % 3 == 0;

    public string CallId => $"toolu_{Session:x8}{Turn:x4}";
}
