using Lethe.Ingest.Meaning;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>Tells a fault of one delivery from a fault of the store. https://www.postgresql.org/docs/15/errcodes-appendix.html</summary>
internal static class PostgresFault
{
    private const string DataException = "22";
    private const string IntegrityViolation = "23";
    private const string LimitExceeded = "54";

    /// <summary>The stable code when the delivery is to blame; null when the server, a lock, the schema or the connection is.</summary>
    public static string? Of(Exception fault) => fault switch
    {
        PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation } => StoreFault.ForeignKey,
        PostgresException constraint when constraint.SqlState.StartsWith(IntegrityViolation, StringComparison.Ordinal) => StoreFault.Constraint,
        PostgresException data when data.SqlState.StartsWith(DataException, StringComparison.Ordinal)
            || data.SqlState.StartsWith(LimitExceeded, StringComparison.Ordinal) => StoreFault.Upsert,
        NpgsqlException or IOException or TimeoutException or OutOfMemoryException or ObjectDisposedException or TypeInitializationException => null,
        LeaseLostException or StoreUnavailableException or StoreRefusedException or OvertakenException => null,
        _ => StoreFault.Upsert,
    };

    /// <summary>True when the whole transaction is to be made again at once: another one was in its way.</summary>
    public static bool IsPassing(Exception fault) => fault is OvertakenException
        or PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable };
}

/// <summary>Another recorder has stored what this one was about to, or might: all of it is decided again.</summary>
internal sealed class OvertakenException : Exception
{
    public OvertakenException()
    {
    }

    public OvertakenException(string message)
        : base(message)
    {
    }

    public OvertakenException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
