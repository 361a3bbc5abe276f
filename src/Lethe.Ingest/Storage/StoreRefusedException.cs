namespace Lethe.Ingest.Storage;

/// <summary>The file is not a store this program may touch. The message names what was expected and what was found; the file is as it was.</summary>
public sealed class StoreRefusedException : Exception
{
    public StoreRefusedException()
    {
    }

    public StoreRefusedException(string message)
        : base(message)
    {
    }

    public StoreRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
