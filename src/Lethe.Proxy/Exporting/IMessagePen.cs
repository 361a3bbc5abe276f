namespace Lethe.Proxy.Exporting;

/// <summary>Writes one conversation as the messages of a vendor's API, as members of an object that is open.</summary>
internal interface IMessagePen
{
    void Write(SpokenRun run);

    /// <summary>Nothing more was said.</summary>
    void End();
}
