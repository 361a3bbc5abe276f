using System.Data;
using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>Ids as rows give them: sixteen bytes, text, or a UUID of the database's own.</summary>
internal sealed class StoredId : SqlMapper.TypeHandler<Guid>
{
    private static readonly Lock Registering = new();
    private static bool isRegistered;

    /// <summary>Once a process, before the first query.</summary>
    public static void Register()
    {
        lock (Registering)
        {
            if (!isRegistered)
            {
                // Every query of the store reads columns_like_this into PropertiesLikeThis.
                DefaultTypeMap.MatchNamesWithUnderscores = true;
                SqlMapper.AddTypeHandler(new StoredId());
                isRegistered = true;
            }
        }
    }

    public override Guid Parse(object value) => value switch
    {
        Guid id => id,
        byte[] bytes => new Guid(bytes, bigEndian: true),
        string text => Guid.ParseExact(text, "D"),
        _ => throw new DataException($"{value.GetType()} is no id."),
    };

    public override void SetValue(IDbDataParameter parameter, Guid value) => parameter.Value = value;
}
