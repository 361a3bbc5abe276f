using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Meaning;

/// <summary>When an exchange was captured, made unique by its id: the order that decides who said something last, whatever arrives when.</summary>
internal readonly record struct CaptureClock(long At, Guid Id) : IComparable<CaptureClock>
{
    public static CaptureClock Of(CapturedExchange exchange) => new(Microseconds.Of(exchange.CapturedAt), exchange.Id.Value);

    public static bool operator <(CaptureClock left, CaptureClock right) => left.CompareTo(right) < 0;

    public static bool operator >(CaptureClock left, CaptureClock right) => left.CompareTo(right) > 0;

    public static bool operator <=(CaptureClock left, CaptureClock right) => left.CompareTo(right) <= 0;

    public static bool operator >=(CaptureClock left, CaptureClock right) => left.CompareTo(right) >= 0;

    public static CaptureClock Min(CaptureClock left, CaptureClock right) => left < right ? left : right;

    public static CaptureClock Max(CaptureClock left, CaptureClock right) => left > right ? left : right;

    public int CompareTo(CaptureClock other) => At != other.At ? At.CompareTo(other.At) : Compare(Id, other.Id);

    // As bytes, as both stores sort them.
    private static int Compare(Guid left, Guid right)
    {
        Span<byte> a = stackalloc byte[16];
        Span<byte> b = stackalloc byte[16];
        left.TryWriteBytes(a, bigEndian: true, out _);
        right.TryWriteBytes(b, bigEndian: true, out _);
        return a.SequenceCompareTo(b);
    }
}
