using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Storage;

/// <summary>When an exchange was captured, made unique by its id: the order that decides who said something last, whatever arrives when.</summary>
internal readonly record struct CaptureClock(long At, Guid Id) : IComparable<CaptureClock>
{
    public static CaptureClock Of(CapturedExchange exchange) => new(Microseconds.Of(exchange.CapturedAt), exchange.Id.Value);

    public static bool operator <(CaptureClock left, CaptureClock right) => left.CompareTo(right) < 0;

    public static bool operator >(CaptureClock left, CaptureClock right) => left.CompareTo(right) > 0;

    public static bool operator <=(CaptureClock left, CaptureClock right) => left.CompareTo(right) <= 0;

    public static bool operator >=(CaptureClock left, CaptureClock right) => left.CompareTo(right) >= 0;

    public int CompareTo(CaptureClock other) => At != other.At ? At.CompareTo(other.At) : Id.CompareTo(other.Id);

    public static CaptureClock Read(Statement row, int column) => new(row.Int64(column), new Guid(row.Blob(column + 1), bigEndian: true));

    public void Bind(Statement statement)
    {
        Span<byte> id = stackalloc byte[16];
        Id.TryWriteBytes(id, bigEndian: true, out _);
        statement.Bind(At).Bind(id);
    }
}
