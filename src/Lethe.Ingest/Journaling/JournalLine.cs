using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Lethe.Ingest.Journaling;

/// <summary>The kinds of lines, in the words that stand in the file.</summary>
internal enum LineKind
{
    /// <summary>A kind that a later version writes.</summary>
    Unknown,
    Header,
    Open,
    Part,
    Exchange,
    Erased,
    Anchor,
    Footer,
}

/// <summary>
/// One line: <c>{"seq":7,"behind":2,"kind":"exchange","data":{…},"seal":"64 hex"}</c>. The seal is SHA-256(tag · previous seal · everything before it in
/// the line). <c>behind</c> tells how many lines before this one were not yet synced when it was written: what a loss of power may have taken.
/// </summary>
internal readonly ref struct JournalLine
{
    public const int SealBytes = 32;

    /// <summary>Comma, name, 64 hex digits, quote and brace; without the newline.</summary>
    public const int SuffixBytes = 9 + (SealBytes * 2) + 2;

    private const int PrefixBytesMax = 96;

    private static ReadOnlySpan<byte> Tag => "lethe.journal.v2"u8;

    private JournalLine(ReadOnlySpan<byte> text, long sequence, long behind, LineKind kind, int dataStart)
    {
        Text = text;
        Sequence = sequence;
        Behind = behind;
        Kind = kind;
        DataStart = dataStart;
    }

    /// <summary>The whole line without its newline.</summary>
    public ReadOnlySpan<byte> Text { get; }

    public long Sequence { get; }

    public long Behind { get; }

    public LineKind Kind { get; }

    public int DataStart { get; }

    public ReadOnlySpan<byte> SealHex => Text[^SuffixBytes..][9..^2];

    /// <summary>Takes a line (without its newline) apart; false when it is no line of a journal.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out JournalLine line)
    {
        line = default;
        var data = text.IndexOf(",\"data\":"u8);
        if (text.Length < SuffixBytes || data is < 0 or > PrefixBytesMax || data + 8 > text.Length - SuffixBytes)
        {
            return false;
        }

        var suffix = text[^SuffixBytes..];
        var rest = text[..data];
        if (!suffix.StartsWith(",\"seal\":\""u8) || !suffix.EndsWith("\"}"u8)
            || !TryTakeNumber(ref rest, "{\"seq\":"u8, out var sequence) || !TryTakeNumber(ref rest, ",\"behind\":"u8, out var behind)
            || !rest.StartsWith(",\"kind\":\""u8) || !rest.EndsWith("\""u8) || rest.Length < 10)
        {
            return false;
        }

        line = new JournalLine(text, sequence, behind, KindOf(rest[9..^1]), data + 8);
        return true;
    }

    /// <summary>The bytes of a seal as it stands in a line; false when they are none.</summary>
    public static bool TryReadSeal(ReadOnlySpan<byte> hex, Span<byte> seal) => Convert.FromHexString(hex, seal, out _, out _) == OperationStatus.Done;

    public static void WritePrefix(LineBuffer into, long sequence, long behind, LineKind kind)
    {
        into.Raw("{\"seq\":"u8);
        into.Number(sequence);
        into.Raw(",\"behind\":"u8);
        into.Number(behind);
        into.Raw(",\"kind\":\""u8);
        into.Raw(NameOf(kind));
        into.Raw("\",\"data\":"u8);
    }

    public static void WriteSuffix(LineBuffer into, ReadOnlySpan<byte> seal)
    {
        into.Raw(",\"seal\":"u8);
        into.HexText(seal);
        into.Raw("}\n"u8);
    }

    /// <summary>Computes a line's seal from the seal of the line before and all that precedes it in the line.</summary>
    public static void Seal(ReadOnlySpan<byte> previous, ReadOnlySpan<byte> before, Span<byte> seal)
    {
        Span<byte> framed = stackalloc byte[Tag.Length + (2 * SealBytes)];
        Tag.CopyTo(framed);
        previous.CopyTo(framed[Tag.Length..]);
        SHA256.HashData(before, framed[(Tag.Length + SealBytes)..]);
        SHA256.HashData(framed, seal);
    }

    /// <summary>Whether the seal follows from the line and the seal of the line before.</summary>
    public bool IsSealed(ReadOnlySpan<byte> previous)
    {
        Span<byte> computed = stackalloc byte[SealBytes];
        Span<byte> written = stackalloc byte[SealBytes];
        Seal(previous, Text[..^SuffixBytes], computed);
        return TryReadSeal(SealHex, written) && written.SequenceEqual(computed);
    }

    private static bool TryTakeNumber(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> name, out long number)
    {
        number = 0;
        if (!rest.StartsWith(name) || !Utf8Parser.TryParse(rest[name.Length..], out number, out var digits) || number < 0)
        {
            return false;
        }

        rest = rest[(name.Length + digits)..];
        return true;
    }

    private static ReadOnlySpan<byte> NameOf(LineKind kind) => kind switch
    {
        LineKind.Header => "header"u8,
        LineKind.Open => "open"u8,
        LineKind.Part => "part"u8,
        LineKind.Exchange => "exchange"u8,
        LineKind.Erased => "erased"u8,
        LineKind.Anchor => "anchor"u8,
        _ => "footer"u8,
    };

    private static LineKind KindOf(ReadOnlySpan<byte> text)
    {
        for (var kind = LineKind.Header; kind <= LineKind.Footer; kind++)
        {
            if (text.SequenceEqual(NameOf(kind)))
            {
                return kind;
            }
        }

        return LineKind.Unknown;
    }
}
