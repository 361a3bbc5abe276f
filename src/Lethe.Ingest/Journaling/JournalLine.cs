using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Lethe.Ingest.Journaling;

/// <summary>The kinds of lines, in the words that stand in the file.</summary>
internal enum LineKind
{
    Segment,
    Exchange,
    Open,
    Part,
    Close,
    End,
}

/// <summary>
/// One line: <c>{"seq":7,"kind":"exchange","data":{…},"seal":"64 hex"}</c>. The seal is
/// SHA-256(tag · previous seal · SHA-256(data) · everything before data), so one pass over the data serves the chain and the content hash.
/// </summary>
internal readonly ref struct JournalLine
{
    public const int SealBytes = 32;

    /// <summary>Comma, name, 64 hex digits, quote and brace; without the newline.</summary>
    public const int SuffixBytes = 9 + (SealBytes * 2) + 2;

    private const int PrefixBytesMax = 64;

    private static ReadOnlySpan<byte> Tag => "lethe.journal.v1"u8;

    private JournalLine(long sequence, LineKind kind, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> data, ReadOnlySpan<byte> seal)
    {
        Sequence = sequence;
        Kind = kind;
        Prefix = prefix;
        Data = data;
        SealHex = seal;
    }

    public long Sequence { get; }

    public LineKind Kind { get; }

    public ReadOnlySpan<byte> Prefix { get; }

    public ReadOnlySpan<byte> Data { get; }

    public ReadOnlySpan<byte> SealHex { get; }

    /// <summary>Takes a line (without its newline) apart; false when it is no line of a journal.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out JournalLine line)
    {
        line = default;
        var data = text.IndexOf(",\"data\":"u8);
        if (text.Length < SuffixBytes || data is < 0 or > PrefixBytesMax || !text.StartsWith("{\"seq\":"u8))
        {
            return false;
        }

        var suffix = text[^SuffixBytes..];
        if (data + 8 > text.Length - SuffixBytes || !suffix.StartsWith(",\"seal\":\""u8) || !suffix.EndsWith("\"}"u8))
        {
            return false;
        }

        var prefix = text[..(data + 8)];
        if (!Utf8Parser.TryParse(prefix[7..], out long sequence, out var digits) || !TryParseKind(prefix[(7 + digits)..data], out var kind))
        {
            return false;
        }

        line = new JournalLine(sequence, kind, prefix, text[prefix.Length..^SuffixBytes], suffix[9..^2]);
        return true;
    }

    /// <summary>The bytes of a seal as it stands in a line; false when they are none.</summary>
    public static bool TryReadSeal(ReadOnlySpan<byte> hex, Span<byte> seal) => Convert.FromHexString(hex, seal, out _, out _) == OperationStatus.Done;

    public static void WritePrefix(LineBuffer into, long sequence, LineKind kind)
    {
        into.Raw("{\"seq\":"u8);
        into.Number(sequence);
        into.Raw(",\"kind\":\""u8);
        into.Raw(Name(kind));
        into.Raw("\",\"data\":"u8);
    }

    public static void WriteSuffix(LineBuffer into, ReadOnlySpan<byte> seal)
    {
        into.Raw(",\"seal\":"u8);
        into.HexText(seal);
        into.Raw("}\n"u8);
    }

    /// <summary>Computes the hash of the data, and from it and the previous seal this line's seal.</summary>
    public static void Seal(ReadOnlySpan<byte> previous, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> data, Span<byte> contentHash, Span<byte> seal)
    {
        SHA256.HashData(data, contentHash);
        Span<byte> framed = stackalloc byte[Tag.Length + (2 * SealBytes) + PrefixBytesMax + 8];
        Tag.CopyTo(framed);
        previous.CopyTo(framed[Tag.Length..]);
        contentHash.CopyTo(framed[(Tag.Length + SealBytes)..]);
        prefix.CopyTo(framed[(Tag.Length + (2 * SealBytes))..]);
        SHA256.HashData(framed[..(Tag.Length + (2 * SealBytes) + prefix.Length)], seal);
    }

    /// <summary>Whether the seal follows from the line and the seal of the line before. The hash of the data is computed in any case.</summary>
    public bool IsSealed(ReadOnlySpan<byte> previous, Span<byte> contentHash)
    {
        Span<byte> computed = stackalloc byte[SealBytes];
        Span<byte> written = stackalloc byte[SealBytes];
        Seal(previous, Prefix, Data, contentHash, computed);
        return TryReadSeal(SealHex, written) && written.SequenceEqual(computed);
    }

    private static ReadOnlySpan<byte> Name(LineKind kind) => kind switch
    {
        LineKind.Segment => "segment"u8,
        LineKind.Exchange => "exchange"u8,
        LineKind.Open => "open"u8,
        LineKind.Part => "part"u8,
        LineKind.Close => "close"u8,
        _ => "end"u8,
    };

    private static bool TryParseKind(ReadOnlySpan<byte> text, out LineKind kind)
    {
        kind = default;
        if (!text.StartsWith(",\"kind\":\""u8) || !text.EndsWith("\""u8))
        {
            return false;
        }

        for (kind = LineKind.Segment; kind <= LineKind.End; kind++)
        {
            if (text[9..^1].SequenceEqual(Name(kind)))
            {
                return true;
            }
        }

        return false;
    }
}
