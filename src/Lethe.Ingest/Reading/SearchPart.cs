namespace Lethe.Ingest.Reading;

/// <summary>Where in a call something was said. The numbers are stored.</summary>
public enum SearchPart
{
    /// <summary>By a person or a model, thoughts too.</summary>
    Said = 0,

    /// <summary>To a tool, or by one.</summary>
    Tools = 1,

    /// <summary>In the system prompt, where it is another one than in the call before.</summary>
    System = 2,

    /// <summary>In errors of the upstream, and in results of tools that failed.</summary>
    Errors = 3,
}
