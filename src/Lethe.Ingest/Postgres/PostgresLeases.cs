using Lethe.Ingest.Meaning;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>The rights to do what one recorder at a time does, by the server's clock. Each call takes part in the caller's transaction.</summary>
internal sealed class PostgresLeases(PostgresStatements statements)
{
    public Lease? TryLease(string name, string owner, Guid token, TimeSpan duration, Lease? held)
    {
        var span = Of((long)duration.TotalMicroseconds);
        if (held is not null)
        {
            return Expires(
                """
                UPDATE leases SET expires_at = transaction_timestamp() + $4 * interval '1 microsecond' WHERE name = $1 AND token = $2 AND fencing = $3
                RETURNING fencing, expires_at
                """,
                Of(name), Of(held.Token), Of(held.Fencing), span) is { } renewed ? held with { ExpiresAt = renewed.At } : null;
        }

        var taken = Expires(
            """
            INSERT INTO leases AS l (name, owner, token, fencing, claimed_at, expires_at)
            VALUES ($1, $2, $3, 1, transaction_timestamp(), transaction_timestamp() + $4 * interval '1 microsecond')
            ON CONFLICT (name) DO UPDATE SET
              owner = excluded.owner, token = excluded.token, fencing = l.fencing + 1, claimed_at = excluded.claimed_at, expires_at = excluded.expires_at
            WHERE l.expires_at <= transaction_timestamp() OR l.owner = excluded.owner
            RETURNING fencing, expires_at
            """,
            Of(name), Of(owner), Of(token), span);
        return taken is { } lease ? new Lease(name, owner, token, lease.Fencing, lease.At) : null;
    }

    public void Release(Lease lease) =>
        statements.Run("UPDATE leases SET expires_at = '-infinity' WHERE name = $1 AND token = $2", Of(lease.Name), Of(lease.Token));

    /// <exception cref="LeaseLostException"/>
    public void Require(Lease lease)
    {
        // Locked until the commit: who takes it meanwhile waits for that.
        var fencing = statements.Scalar("SELECT fencing FROM leases WHERE name = $1 AND token = $2 FOR SHARE", Of(lease.Name), Of(lease.Token));
        if (fencing is not long held || held != lease.Fencing)
        {
            throw new LeaseLostException($"The lease «{lease.Name}» of {lease.Owner} (fencing {lease.Fencing}) was taken by another.");
        }
    }

    private (long Fencing, DateTimeOffset At)? Expires(string sql, params ReadOnlySpan<Npgsql.NpgsqlParameter> parameters) =>
        statements.Query(sql, row => ((long, DateTimeOffset)?)(row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1)), parameters).FirstOrDefault();
}
